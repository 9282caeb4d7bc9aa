// Whether large pictures are cut into tiles, and how.
import type { TilesInRequest } from '../../../../../src/server/contract/training.ts';
import { Field } from '../../../components/field.tsx';
import type { Limits } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { fits, NumberSetting, type Typed } from './number-setting.tsx';
import { words } from './settings-words.ts';

const choices = ['auto', 'off', 'own'] as const;

export interface TileSettings {
  readonly choice: (typeof choices)[number];
  readonly size: Typed;
  readonly defectSize: Typed;
}

export const noTiles: TileSettings = { choice: 'auto', size: 512, defectSize: null };

const rangesOf = ({ training }: Limits) => ({
  size: { min: training.min_tile_size, max: training.max_tile_size, step: 1 },
  defectSize: { min: 1, max: training.max_defect_size },
});

export function tilesFit({ choice, size, defectSize }: TileSettings, limits: Limits): boolean {
  const ranges = rangesOf(limits);
  if (choice === 'own') return fits(size, ranges.size);
  return choice === 'off' || fits(defectSize, ranges.defectSize, true);
}

/** As the request names them; what is left out is as the server does it by itself. */
export function tilesOf({ choice, size, defectSize }: TileSettings): {
  tiles?: TilesInRequest;
  defect_size?: number;
} {
  if (choice === 'own') return { tiles: { size: size! } };
  if (choice === 'off') return { tiles: 'off' };
  return defectSize === null ? {} : { tiles: 'auto', defect_size: defectSize };
}

export function TilesSetting({
  tiles,
  limits,
  onChange,
}: {
  readonly tiles: TileSettings;
  readonly limits: Limits;
  readonly onChange: (tiles: TileSettings) => void;
}) {
  const w = useWords(words);
  const ranges = rangesOf(limits);
  return (
    <>
      <Field label={w.tiles} hint={w.tilesHint}>
        <select
          value={tiles.choice}
          onChange={({ target }) =>
            onChange({ ...tiles, choice: choices.find((name) => name === target.value) ?? 'auto' })
          }
        >
          {choices.map((name) => (
            <option key={name} value={name}>
              {w.tileChoices[name]}
            </option>
          ))}
        </select>
      </Field>
      {tiles.choice === 'own' && (
        <NumberSetting
          label={w.tileSize}
          hint={w.tileSizeHint}
          range={ranges.size}
          value={tiles.size}
          onChange={(size) => onChange({ ...tiles, size })}
        />
      )}
      {tiles.choice === 'auto' && (
        <NumberSetting
          label={w.defectSize}
          hint={w.defectSizeHint}
          range={ranges.defectSize}
          value={tiles.defectSize}
          optional
          onChange={(defectSize) => onChange({ ...tiles, defectSize })}
        />
      )}
    </>
  );
}
