// The picture of a false alarm becomes a good picture of its project, as long as it is stored.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePicture } from '../../vision/image/encode.ts';
import { gradientPicture } from '../../vision/image/testing/files.ts';
import { listImages } from '../datasets/list-images.ts';
import { markImage } from '../datasets/mark-image.ts';
import { openProbes, type Probes } from '../datasets/probes.ts';
import { snapshot } from '../datasets/snapshot.ts';
import { newProject, stagedNow } from '../datasets/testing/uploads.ts';
import { addResults, type Feedback, markResult } from '../inference/results.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { addToGood } from './add-to-good.ts';

let opened: TestContext;
let probes: Probes;
let owner: Owner;
const name = `${'ab'.repeat(16)}.jpg`;
beforeEach(async () => {
  opened = await testContext();
  probes = openProbes(opened.context.config);
  owner = await newProject(opened.context);
});
afterEach(async () => {
  await probes.close();
  await opened.close();
});

async function put(feedback: Feedback | null): Promise<void> {
  const { context } = opened;
  const bytes = await encodePicture(gradientPicture(40, 30), 'jpeg');
  await context.blobs.put(blobKeys.preview('m-1', name), bytes);
  await addResults(context, owner, [
    {
      result_id: 'r1',
      model_id: 'm-1',
      filename: 'part 7.bmp',
      score: 9,
      threshold: 3,
      is_anomaly: true,
      is_uncertain: false,
      regions: 1,
      detections: [],
      at: '2026-01-02T03:04:05.000Z',
      by: 'x',
      image_url: `/static/preview/m-1/${name}`,
      heatmap_url: null,
      overlay_url: '/b',
      brightness: 0.5,
      sharpness: 9,
    },
  ]);
  if (feedback !== null) await markResult(context, owner, 'r1', feedback, testActor);
}
const add = (id = 'r1', services = { context: opened.context, probes }) =>
  addToGood(services, owner, id, testActor);
const images = () => listImages(opened.context, owner);

describe('adding a false alarm to the good pictures', () => {
  it('makes it an image marked as good, which the next training learns', async () => {
    await put('false_alarm');
    const { status, image } = await add();
    expect(status).toBe('stored');
    expect(image).toMatchObject({ display_name: 'part 7.jpg', mark: 'ok', width: 40, height: 30 });
    expect((await snapshot(opened.context, owner)).images).toEqual([image]);
    expect(stagedNow(opened.context)).toEqual([]);
    expect((opened.context.audit as TestAudit).entries.at(-1)!.action).toBe('result.add_to_good');
  });

  it('done again, or of a picture that was marked as bad, leaves one good image', async () => {
    await put('false_alarm');
    const { image } = await add();
    await markImage(opened.context, owner, image.filename, 'ng', testActor);
    expect(await add()).toMatchObject({ status: 'duplicate', image: { mark: 'ok' } });
    expect(await images()).toHaveLength(1);
  });

  it.each([null, 'missed'] as const)('is refused when a person has said %s', async (feedback) => {
    await put(feedback);
    await expect(add()).rejects.toMatchObject({ code: 'result.not_false_alarm' });
    expect(await images()).toEqual([]);
  });

  it('is refused when the picture has expired, and for results that there are not', async () => {
    await put('false_alarm');
    await opened.context.blobs.delete(blobKeys.preview('m-1', name));
    await expect(add()).rejects.toMatchObject({
      code: 'result.picture_expired',
      message: expect.stringContaining('kept for 24 hours'),
    });
    await expect(add('nobody')).rejects.toMatchObject({ code: 'result.not_found' });
    expect(stagedNow(opened.context)).toEqual([]);
  });

  it('is refused where the settings take no JPEG', async () => {
    await put('false_alarm');
    const { config } = opened.context;
    const strict = openProbes({ uploads: { ...config.uploads, allowed_extensions: ['.png'] } });
    try {
      const services = { context: opened.context, probes: strict };
      await expect(add('r1', services)).rejects.toMatchObject({ code: 'image.unsupported_type' });
    } finally {
      await strict.close();
    }
  });
});
