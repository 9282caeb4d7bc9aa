// Starts a training on good pictures: from nothing, or from a base model.
import { useState } from 'react';
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { api, type Limits, type ProjectInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { AnomalySettings, defaults, rangesOf, remembersPatches, type Settings } from './anomaly-settings.tsx';
import { BaseChoice } from './base-choice.tsx';
import { fits } from './number-setting.tsx';
import { anomalySeconds, leastPictures, leastRate } from './plan.ts';
import { StartCard } from './start-card.tsx';
import { tilesFit, tilesOf } from './tiles-setting.tsx';
import { useStart } from './use-start.ts';
import { words } from './words.ts';

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
  const { method, imgSize, epochs, lr, tiles, standsStill } = settings;
  const hasSteps = method === 'autoencoder';
  const start = useStart(project.project_id, () =>
    api.trainProject({
      project_id: project.project_id,
      body: {
        method,
        img_size: imgSize!,
        ...tilesOf(tiles),
        ...(remembersPatches(method) && standsStill && { place_weight: 1 }),
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
