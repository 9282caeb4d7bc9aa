// Requests and answers about label classes and boxes.
import Type, { type Static } from 'typebox';
import { Moment, Share } from './values.ts';

export const ClassName = Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' });

export const LabelClasses = Type.Object(
  { classes: Type.Array(ClassName, { maxItems: 10_000 }) },
  { additionalProperties: false },
);
export type LabelClasses = Static<typeof LabelClasses>;

const box = {
  label: ClassName,
  x: Share,
  y: Share,
  width: Share,
  height: Share,
};

export const NewBox = Type.Object(
  { id: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })), ...box },
  { additionalProperties: false, description: 'x, y: the top left corner; all as shares of the picture' },
);
export type NewBox = Static<typeof NewBox>;

const side = Type.Integer({ minimum: 1, maximum: 65_536 });

export const NewImageLabel = Type.Object(
  { image_width: side, image_height: side, boxes: Type.Array(NewBox, { maxItems: 10_000 }) },
  { additionalProperties: false },
);
export type NewImageLabel = Static<typeof NewImageLabel>;

export const ImageLabel = Type.Object({
  filename: Type.String(),
  image_width: Type.Integer(),
  image_height: Type.Integer(),
  boxes: Type.Array(Type.Object({ id: Type.String(), ...box })),
  updated_at: Type.Union([Moment, Type.Null()]),
});
export type ImageLabel = Static<typeof ImageLabel>;

export const LabelList = Type.Object({
  items: Type.Array(ImageLabel),
  classes: Type.Array(Type.String()),
});
export type LabelList = Static<typeof LabelList>;
