// Buttons that let a person choose files, or a whole folder.
import { type ReactNode, useRef } from 'react';
import { Button } from '../../../../components/button.tsx';
import type { IconName } from '../../../../components/icon.tsx';
import { chosenFiles, type FoundFile } from './found-files.ts';

export function FileButton({
  label,
  shown = label,
  icon,
  look = 'plain',
  folder = false,
  accept,
  onFiles,
}: {
  readonly label: string;
  /** In place of the label. */
  readonly shown?: ReactNode;
  readonly icon?: IconName;
  readonly look?: 'plain' | 'primary';
  readonly folder?: boolean;
  readonly accept?: string;
  readonly onFiles: (files: readonly FoundFile[]) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button look={look} {...(icon && { icon })} onClick={() => input.current?.click()}>
        {shown}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={label}
        {...(accept && { accept })}
        {...(folder && { webkitdirectory: '' })}
        onChange={({ currentTarget }) => {
          onFiles(chosenFiles(currentTarget.files));
          // The same files can be chosen again.
          currentTarget.value = '';
        }}
      />
    </>
  );
}
