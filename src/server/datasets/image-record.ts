// The images of a project or scene as they are stored, in the original's _index.json.
/** What a person said about an image. */
export type Mark = 'ok' | 'ng';

export interface ImageRecord {
  /** The content hash: 32 lower-case hex digits, BLAKE2b-16 of the bytes. */
  readonly id: string;
  /** The stored name: the id and the extension of the type that the bytes have. */
  readonly filename: string;
  /** The user's name, cleaned: display text only. */
  readonly display_name: string;
  readonly original_name: string;
  readonly uploaded_at: string;
  readonly hash: string;
  readonly size: number;
  /** In pixels, upright. Missing in records of the original. */
  readonly width?: number;
  readonly height?: number;
  readonly mark?: Mark;
  /** Trainings leave it out, so that it can be evaluated on: taken as good when it has no mark. */
  readonly holdout?: true;
  /** Where the defect is: a PNG under the BLAKE2b-16 of its bytes. */
  readonly mask?: { readonly id: string; readonly size: number };
}

/** The document at docKeys.images(owner). */
export interface ImageIndex {
  /** By stored name. */
  readonly files: { readonly [stored: string]: ImageRecord };
  /** Deleted images whose files wait for the sweep: stored name to the time. */
  readonly deleted?: { readonly [stored: string]: string };
  /** Records of the original whose files were not there when they were taken over. */
  readonly missing?: { readonly [stored: string]: ImageRecord };
}

/** What became of one uploaded file. */
export interface UploadVerdict {
  readonly name: string;
  readonly status: 'stored' | 'duplicate' | 'rejected';
  /** Of stored and duplicate files. */
  readonly id?: string;
  readonly filename?: string;
  readonly url?: string;
  /** Of rejected files: a code of the error table, and a sentence. */
  readonly code?: string;
  readonly detail?: string;
}

/** An uploaded file, received to the staging folder or refused on the way. */
export type StagedFile =
  | {
      readonly displayName: string;
      readonly path: string;
      readonly sizeBytes: number;
      /** Removes the staged file when it is still there. Called as soon as nobody needs it, and perhaps again. */
      readonly release?: () => Promise<void>;
      /** Of a new image, as the next. */
      readonly mark?: Mark;
      readonly holdout?: true;
    }
  | { readonly displayName: string; readonly refused: { readonly code: string; readonly detail: string } };
