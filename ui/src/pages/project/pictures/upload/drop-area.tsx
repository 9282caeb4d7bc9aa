// The whole page takes files that are dragged onto it.
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Icon } from '../../../../components/icon.tsx';
import { droppedFiles, type FoundFile, holdsFiles } from './found-files.ts';
import './upload.css';

/** @param label what happens when they are let go */
export function DropArea({
  label,
  onFiles,
  children,
}: {
  readonly label: string;
  readonly onFiles: (files: Promise<readonly FoundFile[]>) => void;
  readonly children: ReactNode;
}) {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    // Each element that is entered tells it, and each that is left.
    let depth = 0;
    const leave = () => {
      depth = 0;
      setOver(false);
    };
    const onDrag = (event: DragEvent) => {
      if (!holdsFiles(event.dataTransfer)) return;
      if (event.type === 'dragleave') {
        if (--depth <= 0) leave();
        return;
      }
      event.preventDefault();
      if (event.type === 'dragenter') {
        depth++;
        setOver(true);
      } else if (event.type === 'drop') {
        leave();
        latest.current(droppedFiles(event.dataTransfer!));
      }
    };
    const kinds = ['dragenter', 'dragover', 'dragleave', 'drop'] as const;
    for (const kind of kinds) window.addEventListener(kind, onDrag);
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, onDrag);
    };
  }, []);
  return (
    <>
      {children}
      {isOver && (
        <div className="upload-over" aria-hidden="true">
          <div>
            <Icon name="upload" size={40} />
            {label}
          </div>
        </div>
      )}
    </>
  );
}
