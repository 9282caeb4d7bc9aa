// Where pictures to test come from: dropped, pasted, chosen, or taken by the camera.
import { type DragEvent, useEffect, useRef, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { CameraView, useCamera } from '../../../components/camera.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { Icon } from '../../../components/icon.tsx';
import { useTell } from '../../../components/toasts.tsx';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

export function Source({
  onFiles,
  isLarge,
}: {
  readonly onFiles: (files: readonly File[]) => void;
  /** While it is all there is. */
  readonly isLarge: boolean;
}) {
  const w = useWords(words);
  const [isOver, setOver] = useState(false);
  const [isCamera, setCamera] = useState(false);
  const pick = useRef<HTMLInputElement>(null);
  const latest = useRef(onFiles);
  latest.current = onFiles;

  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      latest.current(files);
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, []);

  const onDrop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles(await filesIn(event.dataTransfer));
  };
  return (
    <section
      className={`test-source${isLarge ? ' large' : ''}${isOver ? ' over' : ''}`}
      aria-label={w.drop}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <Icon name="upload" size={26} />
      <div className="grow">
        <strong>{w.drop}</strong>
        <p className="hint">{w.dropHint}</p>
      </div>
      <input
        ref={pick}
        type="file"
        accept="image/*"
        multiple
        hidden
        aria-label={w.pick}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
      <div className="row">
        <Button look="primary" icon="upload" onClick={() => pick.current?.click()}>
          {w.pick}
        </Button>
        <Button icon="camera" onClick={() => setCamera(true)}>
          {w.webcam}
        </Button>
      </div>
      {isCamera && <TakePictures onFiles={onFiles} onClose={() => setCamera(false)} />}
    </section>
  );
}

function TakePictures({
  onFiles,
  onClose,
}: {
  readonly onFiles: (files: readonly File[]) => void;
  readonly onClose: () => void;
}) {
  const w = useWords(words);
  const tell = useTell();
  const camera = useCamera();
  const { open } = camera;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is shown
  useEffect(() => void open(), []);
  const take = async () => {
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, '-');
    const file = await camera.take(`camera-${stamp}.jpg`);
    if (file === null) return tell(w.notTaken, { tone: 'warn' });
    onFiles([file]);
    onClose();
  };
  return (
    <Dialog title={w.camera} onClose={onClose} wide>
      <CameraView camera={camera} />
      <div className="dialog-actions">
        {camera.devices.length > 1 && (
          <select
            className="test-camera-choice"
            aria-label={w.camera}
            value={camera.deviceId}
            onChange={(event) => open(event.target.value)}
          >
            {camera.devices.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
        <Button look="primary" icon="camera" disabled={camera.state.kind !== 'on'} onClick={take}>
          {w.take}
        </Button>
      </div>
    </Dialog>
  );
}

/** The files of a drop, those in folders too. */
async function filesIn(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const found = entries.some((entry) => entry?.isDirectory) ? await Promise.all(entries.map(walk)) : null;
  const files = found === null ? [...transfer.files] : found.flat();
  return files.filter(({ type, name }) => type.startsWith('image/') || /\.(tiff?|bmp|webp)$/i.test(name));
}

async function walk(entry: FileSystemEntry | null): Promise<File[]> {
  if (entry === null) return [];
  if (entry.isFile)
    return [await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  // A reader gives a hundred at a time, and none when it is through.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) break;
    all.push(...some);
  }
  return (await Promise.all(all.map(walk))).flat();
}
