// The settings of a training on good pictures that most people leave as they are.
import type { TrainingMethod } from '../../../../../src/server/contract/training.ts';
import { Check } from '../../../components/field.tsx';
import type { Limits } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { MethodChoice } from './method-choice.tsx';
import { NumberSetting, type Typed } from './number-setting.tsx';
import { words as settingsWords } from './settings-words.ts';
import { noTiles, type TileSettings, TilesSetting } from './tiles-setting.tsx';

export interface Settings {
  readonly method: TrainingMethod;
  readonly imgSize: Typed;
  readonly epochs: Typed;
  readonly lr: Typed;
  readonly tiles: TileSettings;
  /** The part lies at the same place in every picture. */
  readonly standsStill: boolean;
}

export const defaults: Settings = {
  method: 'auto',
  imgSize: 256,
  epochs: 30,
  lr: null,
  tiles: noTiles,
  standsStill: false,
};

/** Whether the method searches a bank of patches. */
export const remembersPatches = (method: TrainingMethod): boolean =>
  method === 'auto' || method === 'memory-bank';

export const rangesOf = ({ training }: Limits) => ({
  imgSize: { min: training.min_img_size, max: training.max_img_size, step: 32 },
  epochs: { min: 1, max: training.max_epochs, step: 1 },
  lr: { min: 1e-7, max: 1 },
});

export function AnomalySettings({
  settings: { method, imgSize, epochs, lr, tiles, standsStill },
  withMethod,
  limits,
  onChange,
}: {
  readonly settings: Settings;
  readonly withMethod: boolean;
  readonly limits: Limits;
  readonly onChange: (change: Partial<Settings>) => void;
}) {
  const w = useWords(settingsWords);
  const ranges = rangesOf(limits);
  return (
    <>
      {withMethod && <MethodChoice method={method} onChange={(chosen) => onChange({ method: chosen })} />}
      <NumberSetting
        label={w.imgSize}
        hint={w.imgSizeHint}
        range={ranges.imgSize}
        value={imgSize}
        onChange={(value) => onChange({ imgSize: value })}
      />
      <TilesSetting tiles={tiles} limits={limits} onChange={(value) => onChange({ tiles: value })} />
      {remembersPatches(method) && (
        <div className="stack tight">
          <Check
            label={w.standsStill}
            checked={standsStill}
            onChange={(value) => onChange({ standsStill: value })}
          />
          <p className="hint">{w.standsStillHint}</p>
        </div>
      )}
      {method === 'autoencoder' && (
        <>
          <NumberSetting
            label={w.epochs}
            hint={w.epochsHint}
            range={ranges.epochs}
            value={epochs}
            onChange={(value) => onChange({ epochs: value })}
          />
          <NumberSetting
            label={w.lr}
            hint={w.lrHint}
            range={ranges.lr}
            value={lr}
            optional
            onChange={(value) => onChange({ lr: value })}
          />
        </>
      )}
    </>
  );
}
