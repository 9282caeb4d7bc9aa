// Starts the training of an object detector on the dataset of the project.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Field } from '../../../components/field.tsx';
import { Loading } from '../../../components/loading.tsx';
import { api, type Limits, type ProjectInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { fits, NumberSetting, type Typed } from './number-setting.tsx';
import { yoloSeconds } from './plan.ts';
import { words as settingsWords } from './settings-words.ts';
import { StartCard } from './start-card.tsx';
import { useStart } from './use-start.ts';
import { words } from './words.ts';

interface Settings {
  readonly variant: string;
  readonly epochs: Typed;
  readonly imgSize: Typed;
  readonly batch: Typed;
  readonly lr0: Typed;
  readonly conf: Typed;
  readonly iou: Typed;
  readonly weights: string;
}

/** Smaller and shorter than what the API leaves out stands for: an evening on two cores, not a day. */
const defaults: Settings = {
  variant: 'okapi-n',
  epochs: 50,
  imgSize: 320,
  batch: null,
  lr0: null,
  conf: 0.25,
  iou: 0.45,
  weights: '',
};

const share = { min: 0, max: 1 };
const rangesOf = ({ yolo }: Limits) =>
  ({
    epochs: { min: 1, max: yolo.max_epochs, step: 1 },
    imgSize: { min: yolo.min_img_size, max: yolo.max_img_size, step: yolo.img_size_step },
    batch: { min: 1, max: yolo.max_batch, step: 1 },
    lr0: { min: 1e-7, max: 1 },
    conf: share,
    iou: share,
  }) as const;

export function StartYolo({
  project: { project_id },
  limits,
  blocked,
}: {
  readonly project: ProjectInfo;
  readonly limits: Limits;
  readonly blocked: string | null;
}) {
  const w = useWords(words);
  const format = useFormat();
  const [settings, setSettings] = useState(defaults);
  const { variant, epochs, imgSize, batch, lr0, conf, iou, weights } = settings;
  const dataset = useQuery({
    queryKey: ['dataset', project_id],
    queryFn: () => api.getYoloDataset({ project_id }),
  });
  const start = useStart(project_id, () =>
    api.trainYolo({
      project_id,
      body: {
        model_variant: variant,
        epochs: epochs!,
        img_size: imgSize!,
        conf: conf!,
        iou: iou!,
        ...(batch !== null && { batch }),
        ...(lr0 !== null && { lr0 }),
        ...(weights.trim() !== '' && { weights: weights.trim() }),
      },
    }),
  );
  if (dataset.data === undefined)
    return dataset.error === null ? (
      <Loading />
    ) : (
      <Failure error={dataset.error} onRetry={() => dataset.refetch()} />
    );
  const { ready, train_images, val_images, classes } = dataset.data;
  if (!ready)
    return (
      <Empty
        icon="box"
        title={w.noDataset}
        action={
          <LinkButton look="primary" icon="box" to={addresses.project(project_id, 'dataset')}>
            {w.toDataset}
          </LinkButton>
        }
      >
        {w.noDatasetText}
      </Empty>
    );
  const ranges = rangesOf(limits);
  const isSound =
    fits(epochs, ranges.epochs) &&
    fits(imgSize, ranges.imgSize) &&
    fits(batch, ranges.batch, true) &&
    fits(lr0, ranges.lr0, true) &&
    fits(conf, share) &&
    fits(iou, share);
  return (
    <StartCard
      does={w.does.yolo}
      from={w.fromSet(format.count(train_images), format.count(val_images), format.count(classes.length))}
      seconds={yoloSeconds({
        pictures: train_images,
        imgSize: imgSize || 320,
        epochs: epochs || 50,
        variant,
      })}
      blocked={blocked}
      error={start.error}
      busy={start.isPending}
      disabled={!isSound}
      onStart={() => start.mutate()}
      advanced={
        <YoloSettings
          settings={settings}
          limits={limits}
          onChange={(change) => setSettings((now) => ({ ...now, ...change }))}
        />
      }
    />
  );
}

function YoloSettings({
  settings,
  limits,
  onChange,
}: {
  readonly settings: Settings;
  readonly limits: Limits;
  readonly onChange: (change: Partial<Settings>) => void;
}) {
  const w = useWords(settingsWords);
  const ranges = rangesOf(limits);
  const number = (name: keyof typeof ranges, label: string, hint: string, optional = false) => (
    <NumberSetting
      label={label}
      hint={hint}
      range={ranges[name]}
      value={settings[name]}
      optional={optional}
      onChange={(value) => onChange({ [name]: value })}
    />
  );
  return (
    <>
      <Field label={w.variant} hint={w.variantHint}>
        <select value={settings.variant} onChange={({ target }) => onChange({ variant: target.value })}>
          {[...limits.yolo.variants].sort().map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      {number('imgSize', w.imgSize, w.yoloSizeHint)}
      {number('epochs', w.epochs, w.epochsHint)}
      {number('batch', w.batch, w.batchHint, true)}
      {number('lr0', w.lr0, w.lr0Hint, true)}
      {number('conf', w.conf, w.confHint)}
      {number('iou', w.iou, w.iouHint)}
      <Field label={w.weights} hint={w.weightsHint}>
        <input
          value={settings.weights}
          placeholder="yolov8n.pt"
          maxLength={200}
          spellCheck={false}
          onChange={({ target }) => onChange({ weights: target.value })}
        />
      </Field>
    </>
  );
}
