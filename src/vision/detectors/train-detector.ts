// The door to training, whatever the kind of detector.
import { OkapiError } from '../errors.ts';
import { isWholePicture, parseRegions, type Regions } from '../scoring/region-mask.ts';
import type { DetectorKind, TrainContext, TrainedModel, TrainRequest } from './detector.ts';
import { kindOf } from './kinds.ts';

/**
 * Trains in this process; see trainInChild for a process of its own. Throws OkapiError; no half-made model is ever left.
 */
export async function trainDetector(
  request: TrainRequest,
  context: Partial<TrainContext> = {},
): Promise<TrainedModel> {
  const kind = kindOf(request.kind, 'option.invalid');
  const regions = regionsOf(request, kind);
  checkTiles(request, kind);
  const train = request.update ? updateOf(request, kind) : kind.train;
  return train(regions === null ? withoutRegions(request) : { ...request, regions }, {
    signal: new AbortController().signal,
    onEvent: () => {},
    now: () => performance.now(),
    date: () => new Date(),
    ...context,
  });
}

/** Throws option.invalid for a kind that cannot be updated, and for what the base decides. */
function updateOf(
  { kind: name, regions, tiles, settings }: TrainRequest,
  { update }: DetectorKind,
): NonNullable<DetectorKind['update']> {
  if (update === undefined)
    throw new OkapiError(
      'option.invalid',
      `a detector of the kind ${name} cannot be updated: train it again`,
    );
  const others = Object.keys(settings ?? {}).filter((setting) => setting !== 'falseAlarmRate');
  if (regions !== undefined || tiles !== undefined || others.length > 0)
    throw new OkapiError(
      'option.invalid',
      'an update takes regions, tiles and all settings but falseAlarmRate from the model',
    );
  return update;
}

/** Those of a request, checked; null when they say nothing. Throws option.invalid. */
function regionsOf({ kind, regions }: TrainRequest, { takesRegions }: DetectorKind): Regions | null {
  if (regions === undefined) return null;
  const parsed = parseRegions(regions);
  if (isWholePicture(parsed)) return null;
  if (takesRegions) return parsed;
  throw new OkapiError(
    'option.invalid',
    `a detector of the kind ${kind} looks at whole pictures and takes no regions`,
  );
}

/** Throws option.invalid for a kind that cuts no pictures. */
function checkTiles({ kind, tiles, defectSize }: TrainRequest, { takesTiles }: DetectorKind): void {
  if (takesTiles || (defectSize === undefined && (tiles ?? 'off') === 'off')) return;
  throw new OkapiError('option.invalid', `a detector of the kind ${kind} takes no tiles`);
}

function withoutRegions({ regions: _, ...request }: TrainRequest): TrainRequest {
  return request;
}
