// What is shown of the pictures, and what can be added.
import { Button } from '../../../components/button.tsx';
import { Segments } from '../../../components/segments.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { type Choice, type Filter, filters, orders } from './shown.ts';
import { FileButton } from './upload/file-buttons.tsx';
import type { FoundFile } from './upload/found-files.ts';
import type { Mark } from './upload/uploading-file.ts';
import { words as uploadWords } from './upload/words.ts';
import { words } from './words.ts';

export function AddBar({
  mark,
  onMark,
  onFiles,
  onCamera,
  onRegions,
}: {
  /** Of the pictures that are added. */
  readonly mark: Mark | null;
  readonly onMark: (mark: Mark | null) => void;
  readonly onFiles: (files: readonly FoundFile[]) => void;
  readonly onCamera: () => void;
  readonly onRegions: (() => void) | null;
}) {
  const w = useWords(words);
  const u = useWords(uploadWords);
  return (
    <div className="row pictures-add">
      <FileButton look="primary" icon="upload" label={w.add} accept="image/*" onFiles={onFiles} />
      <FileButton
        icon="projects"
        label={w.folder}
        shown={<Label>{w.folder}</Label>}
        folder
        onFiles={onFiles}
      />
      <select
        className="pictures-as"
        value={mark ?? 'none'}
        aria-label={u.as}
        onChange={({ target }) =>
          onMark(target.value === 'ok' || target.value === 'ng' ? target.value : null)
        }
      >
        <option value="none">{u.asNone}</option>
        <option value="ok">{u.asOk}</option>
        <option value="ng">{u.asNg}</option>
      </select>
      <Button icon="camera" onClick={onCamera}>
        <Label>{w.camera}</Label>
      </Button>
      {onRegions !== null && (
        <Button icon="polygon" onClick={onRegions}>
          <Label>{w.regions}</Label>
        </Button>
      )}
    </div>
  );
}

/** Where there is little room, the drawing alone is seen. */
function Label({ children }: { readonly children: string }) {
  return <span className="pictures-label">{children}</span>;
}

export function FilterBar({
  choice,
  counts,
  onChoice,
}: {
  readonly choice: Choice;
  readonly counts: Readonly<Record<Filter, number>>;
  readonly onChoice: (choice: Choice) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  return (
    <div className="pictures-filters">
      <input
        type="search"
        value={choice.search}
        placeholder={w.search}
        aria-label={w.search}
        onChange={({ target }) => onChoice({ ...choice, search: target.value })}
      />
      <div className="pictures-segments">
        <Segments
          label={w.filter}
          value={choice.filter}
          onChange={(filter) => onChoice({ ...choice, filter })}
          options={filters
            .filter((name) => name === 'all' || name === choice.filter || counts[name] > 0)
            .map((name) => ({
              value: name,
              label: (
                <>
                  {w.filters[name]} <small>{format.count(counts[name])}</small>
                </>
              ),
            }))}
        />
      </div>
      <select
        value={choice.order}
        aria-label={w.order}
        onChange={({ target }) =>
          onChoice({ ...choice, order: orders.find((name) => name === target.value)! })
        }
      >
        {orders.map((name) => (
          <option key={name} value={name}>
            {w.orders[name]}
          </option>
        ))}
      </select>
    </div>
  );
}
