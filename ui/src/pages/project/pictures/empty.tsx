// A project without pictures: the whole page is a place to drop them.
import { Button } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { useWords } from '../../../text/language.tsx';
import { FileButton } from './upload/file-buttons.tsx';
import type { FoundFile } from './upload/found-files.ts';
import { words } from './words.ts';

export function NoPictures({
  isYolo,
  onFiles,
  onCamera,
}: {
  readonly isYolo: boolean;
  readonly onFiles: (files: readonly FoundFile[]) => void;
  readonly onCamera: () => void;
}) {
  const w = useWords(words);
  return (
    <div className="pictures-empty">
      <Empty
        icon="upload"
        title={isYolo ? w.emptyYoloTitle : w.emptyTitle}
        action={
          <>
            <FileButton look="primary" icon="upload" label={w.add} accept="image/*" onFiles={onFiles} />
            <FileButton icon="projects" label={w.folder} folder onFiles={onFiles} />
            <Button icon="camera" onClick={onCamera}>
              {w.camera}
            </Button>
          </>
        }
      >
        {isYolo ? w.emptyYoloText : w.emptyText}
      </Empty>
    </div>
  );
}
