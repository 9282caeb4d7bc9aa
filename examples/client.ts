// Trains on a folder of good parts and tests a picture, over the API. With a server running (npm start):
//   node --import tsx examples/client.ts http://localhost:8000 pictures/good new-part.jpg
import { openAsBlob } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { okapiClient } from '../src/client/index.ts'; // okapi-vision/client

const [baseUrl = 'http://localhost:8000', folder = 'pictures/good', picture = 'new-part.jpg'] =
  process.argv.slice(2);
const okapi = okapiClient({ baseUrl, ...(process.env.OKAPI_KEY && { apiKey: process.env.OKAPI_KEY }) });

const upload = async (path: string) => ({ name: basename(path), data: await openAsBlob(path) });

const { project_id } = await okapi.createProject({ body: { name: basename(folder) } });
const names = (await readdir(folder)).filter((name) => /\.(jpe?g|png)$/i.test(name));
const files = await Promise.all(names.map((name) => upload(join(folder, name))));
const { saved, items } = await okapi.uploadProjectImages({ project_id, files });
console.log(`${saved} pictures stored in ${project_id}`);
for (const { name, status, detail } of items) if (status === 'rejected') console.log(`${name}: ${detail}`);

const { job_id } = await okapi.trainProject({ project_id, body: { epochs: 30 } });
for await (const event of okapi.watchJob(job_id))
  if (event.type === 'epoch')
    console.log(`${event.phase}: epoch ${event.epoch} of ${event.epochs}: loss ${event.loss.toFixed(4)}`);

const job = await okapi.getJob({ job_id });
if (job.model_id === undefined) throw new Error(`the training ${job.status}: ${job.detail}`);
const test = await okapi.testModel({ model_id: job.model_id, files: [await upload(picture)] });
for (const item of test.items)
  if ('error' in item) console.log(`${item.filename}: ${item.error_detail}`);
  else
    console.log(
      `${item.filename}: ${item.is_anomaly ? 'NG' : 'OK'}, score ${item.score.toFixed(3)}, threshold ${item.thr.toFixed(3)}, ` +
        (item.overlay_url === null ? '' : okapi.addressOf(item.overlay_url)),
    );
