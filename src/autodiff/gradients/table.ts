// The gradient of every op there is. The type makes forgetting one impossible.
import type { OpName } from '../ops/attributes.ts';
import { elementwiseGradients } from './elementwise.ts';
import { productGradients } from './products.ts';
import { reductionGradients } from './reductions.ts';
import type { GradientTable } from './rule.ts';
import { shapeGradients } from './shapes.ts';

export const gradientTable: GradientTable<OpName> = {
  input: { none: 'it has no inputs' },
  constant: { none: 'it has no inputs' },
  ...elementwiseGradients,
  ...productGradients,
  ...reductionGradients,
  ...shapeGradients,
};
