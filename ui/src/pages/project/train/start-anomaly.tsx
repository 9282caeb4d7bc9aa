// Starts a training on good pictures: from nothing, or from a base model.
import { useState } from 'react';
import type { TrainingMethod } from '../../../../../src/server/contract/training.ts';
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { api, type Limits, type ProjectInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { BaseChoice } from './base-choice.tsx';
import { MethodChoice } from './method-choice.tsx';
import { fits, NumberSetting, type Typed } from './number-setting.tsx';
import { anomalySeconds, leastPictures, leastRate } from './plan.ts';
import { words as settingsWords } from './settings-words.ts';
import { StartCard } from './start-card.tsx';
import { noTiles, type TileSettings, TilesSetting, tilesFit, tilesOf } from './tiles-setting.tsx';
import { useStart } from './use-start.ts';
import { words } from './words.ts';

interface Settings {
  readonly method: TrainingMethod;
  readonly imgSize: Typed;
  readonly epochs: Typed;
  readonly lr: Typed;
  readonly tiles: TileSettings;
}

const defaults: Settings = { method: 'auto', imgSize: 256, epochs: 30, lr: null, tiles: noTiles };

export function StartAnomaly({
  project,
  limits,
  blocked,
}: {
  readonly project: ProjectInfo;
  readonly limits: Limits;
  readonly blocked: string | null;
}) {
  const w = useWords(words);
  const format = useFormat();
  const isFine = project.training_mode === 'finetune';
  const [settings, setSettings] = useState<Settings>({
    ...defaults,
    method: isFine ? 'autoencoder' : 'auto',
  });
  const [base, setBase] = useState<string | null>(null);
  const good = project.num_images - project.num_ng - project.num_holdout;
  const { method, imgSize, epochs, lr, tiles } = settings;
  const hasSteps = method === 'autoencoder';
  const start = useStart(project.project_id, () =>
    api.trainProject({
      project_id: project.project_id,
      body: {
        method,
        img_size: imgSize!,
        ...tilesOf(tiles),
        ...(hasSteps && { epochs: epochs! }),
        ...(hasSteps && lr !== null && { lr }),
        ...(isFine && { base_model_id: base }),
      },
    }),
  );
  if (good === 0)
    return (
      <Empty
        icon="camera"
        title={w.noPictures}
        action={
          <LinkButton look="primary" icon="plus" to={addresses.project(project.project_id, 'pictures')}>
            {w.addPictures}
          </LinkButton>
        }
      >
        {w.noPicturesText}
      </Empty>
    );
  const ranges = rangesOf(limits);
  const isSound =
    fits(imgSize, ranges.imgSize) &&
    tilesFit(tiles, limits) &&
    (!hasSteps || (fits(epochs, ranges.epochs) && fits(lr, ranges.lr, true)));
  const tooFew =
    good < leastPictures[method] ? w.tooFew(format.count(leastPictures[method]), format.count(good)) : null;
  return (
    <StartCard
      does={w.does[isFine ? 'finetune' : method]}
      from={
        good === 1
          ? w.fromOne
          : [
              w.from(format.count(good), project.num_ng > 0 ? format.count(project.num_ng) : null),
              project.num_holdout > 0 && w.heldOut(format.count(project.num_holdout)),
            ]
              .filter(Boolean)
              .join('; ')
      }
      seconds={anomalySeconds({ method, pictures: good, imgSize: imgSize || 256, epochs: epochs || 30 })}
      promise={promiseOf(good, w, format)}
      blocked={blocked ?? tooFew}
      error={start.error}
      busy={start.isPending}
      disabled={!isSound || (isFine && base === null)}
      onStart={() => start.mutate()}
      advanced={
        <AnomalySettings
          settings={settings}
          withMethod={!isFine}
          limits={limits}
          onChange={(change) => setSettings((now) => ({ ...now, ...change }))}
        />
      }
    >
      {isFine && <BaseChoice projectId={project.project_id} base={base} onChoose={setBase} />}
    </StartCard>
  );
}

const rangesOf = ({ training }: Limits) => ({
  imgSize: { min: training.min_img_size, max: training.max_img_size, step: 32 },
  epochs: { min: 1, max: training.max_epochs, step: 1 },
  lr: { min: 1e-7, max: 1 },
});

function promiseOf(
  good: number,
  w: typeof words.en,
  format: ReturnType<typeof useFormat>,
): { readonly tone: 'ok' | 'note' | 'warn'; readonly text: string } {
  if (good === 1) return { tone: 'warn', text: w.promiseOne };
  if (leastRate(good) <= 0.01) return { tone: 'ok', text: w.promiseGood };
  const rate = format.percent(leastRate(good), leastRate(good) < 0.1 ? 1 : 0);
  return { tone: 'note', text: w.promise(format.count(good), rate) };
}

function AnomalySettings({
  settings: { method, imgSize, epochs, lr, tiles },
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
