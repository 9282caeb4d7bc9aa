// Requests and answers about uploaded images.
import Type, { type Static } from 'typebox';
import { Address, Count, Cursor, Moment, Next, PageSize, Slug, StoredName } from './values.ts';

export const MarkName = Type.Enum(['ok', 'ng']);

export const ImageItem = Type.Object({
  id: Type.String({ description: 'BLAKE2b-16 of the bytes, in hex' }),
  filename: Type.String({ description: 'the stored name; takes part in addresses' }),
  display_name: Type.String({ description: 'the name it was uploaded under' }),
  url: Address,
  thumbnail_url: Type.String({ description: 'a path of this server: a WebP of at most 320 pixels a side' }),
  size: Count,
  uploaded_at: Moment,
  width: Type.Optional(Count),
  height: Type.Optional(Count),
  mark: Type.Union([MarkName, Type.Null()]),
  holdout: Type.Boolean({
    description: 'trainings leave it out, evaluations take it: as ok when it has no mark',
  }),
  mask_url: Type.Optional(
    Type.String({ description: 'a path of this server: where the defect is; absent without a mask' }),
  ),
});
export type ImageItem = Static<typeof ImageItem>;

export const ImageList = Type.Object({ items: Type.Array(ImageItem), next: Next });
export type ImageList = Static<typeof ImageList>;

export const ImagePage = Type.Object(
  { limit: Type.Optional(PageSize), after: Type.Optional(Cursor) },
  { additionalProperties: false },
);
export type ImagePage = Static<typeof ImagePage>;

const change = {
  mark: Type.Optional(Type.Union([MarkName, Type.Null()], { description: 'null takes the mark away' })),
  holdout: Type.Optional(
    Type.Boolean({ description: 'true: trainings leave it out, so that models can be evaluated on it' }),
  ),
};

export const MarkChange = Type.Object(change, { additionalProperties: false, minProperties: 1 });
export type MarkChange = Static<typeof MarkChange>;

/** As many as one page of the list has. */
const filenames = Type.Array(StoredName, { minItems: 1, maxItems: 500, description: 'stored names' });

export const ImagesToMark = Type.Object(
  { filenames, ...change },
  { additionalProperties: false, description: 'filenames with mark, holdout or both' },
);
export type ImagesToMark = Static<typeof ImagesToMark>;

export const ImagesToDelete = Type.Object({ filenames }, { additionalProperties: false });
export type ImagesToDelete = Static<typeof ImagesToDelete>;

export const ImagesChanged = Type.Object({
  changed: Count,
  missing: Type.Array(Type.String(), { description: 'stored names that the project does not have' }),
});
export type ImagesChanged = Static<typeof ImagesChanged>;

export const UploadOptions = Type.Object(
  {
    mark: Type.Optional(Type.Enum(['ok', 'ng'], { description: 'of the pictures that are new' })),
    holdout: Type.Optional(
      Type.Boolean({ description: 'true: trainings leave the new pictures out, evaluations take them' }),
    ),
  },
  { additionalProperties: false },
);
export type UploadOptions = Static<typeof UploadOptions>;

export const UploadItem = Type.Object({
  name: Type.String({ description: 'the name that was sent' }),
  status: Type.Enum(['stored', 'duplicate', 'rejected']),
  id: Type.Optional(Type.String()),
  filename: Type.Optional(Type.String()),
  url: Type.Optional(Address),
  code: Type.Optional(Type.String({ description: 'of rejected files: why' })),
  detail: Type.Optional(Type.String()),
});

export const ProjectUpload = Type.Object({
  saved: Count,
  project_id: Slug,
  items: Type.Array(UploadItem, { description: 'one verdict per file, in the order sent' }),
});
export type ProjectUpload = Static<typeof ProjectUpload>;

export const SceneUpload = Type.Object({
  saved: Count,
  scene_id: Slug,
  items: Type.Array(UploadItem, { description: 'one verdict per file, in the order sent' }),
});
export type SceneUpload = Static<typeof SceneUpload>;
