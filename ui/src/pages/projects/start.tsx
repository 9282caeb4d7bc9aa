// No project yet: drop pictures, choose some, or begin with made-up parts.
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { useWords } from '../../text/language.tsx';
import { FileButton } from '../project/pictures/upload/file-buttons.tsx';
import { useProjectOfFiles, useSampleProject } from './new-project.ts';
import { words } from './words.ts';

export function Start({ onCreate }: { readonly onCreate: () => void }) {
  const w = useWords(words);
  const ofFiles = useProjectOfFiles([]);
  const sample = useSampleProject();
  const isBusy = ofFiles.isPending || sample.isPending;
  return (
    <div className="projects-start">
      <Empty
        icon="upload"
        title={w.emptyTitle}
        action={
          <>
            <FileButton
              look="primary"
              icon="upload"
              label={w.choose}
              accept="image/*"
              onFiles={(files) => ofFiles.mutate(files)}
            />
            <FileButton icon="projects" label={w.folder} folder onFiles={(files) => ofFiles.mutate(files)} />
            <Button icon="star" busy={sample.isPending} disabled={isBusy} onClick={() => sample.mutate()}>
              {sample.isPending ? `${w.sampling}…` : w.sample}
            </Button>
          </>
        }
      >
        {w.emptyText}
      </Empty>
      <Button look="quiet" small onClick={onCreate}>
        {w.emptyOther}
      </Button>
    </div>
  );
}
