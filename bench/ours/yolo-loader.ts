// Milliseconds of one core that a training sample of the object detector takes, and how long a data set takes to open.
//   node --import tsx bench/ours/yolo-loader.ts FOLDER [SIZES]     e.g. ../shared/data/bccd-yolo/train/images 320,640
import { listPictures } from '../../src/vision/dataset/folder.ts';
import { SampleLoader } from '../../src/vision/yolo/sample-loader.ts';

const [folder, sizes = '320,640'] = process.argv.slice(2);
const pictures = (await listPictures(folder!)).map((file) => ({
  file,
  boxes: [{ classId: 0, box: [0.2, 0.2, 0.6, 0.6] as const }],
}));
const WARM_UP = 30;
const SAMPLES = 200;
const kinds = ['mosaic', 'single', 'plain'] as const;

for (const size of sizes.split(',').map(Number)) {
  const opening = performance.now();
  const loader = await SampleLoader.open({ pictures, size, seed: 1, cacheBytes: 2 ** 31 });
  const openMs = performance.now() - opening;
  const row: string[] = [];
  for (const kind of kinds) {
    const sample = (i: number) => {
      const index = i % loader.pictures.length;
      return kind === 'plain' ? loader.plain(index) : loader.train(index, i, { mosaic: kind === 'mosaic' });
    };
    for (let i = 0; i < WARM_UP; i++) await sample(i);
    const before = process.cpuUsage();
    for (let i = 0; i < SAMPLES; i++) await sample(WARM_UP + i);
    const { user, system } = process.cpuUsage(before);
    row.push(`${kind} ${((user + system) / 1000 / SAMPLES).toFixed(1)}`);
  }
  const perPicture = (openMs / pictures.length).toFixed(1);
  console.log(
    `${size} px: ${row.join(', ')} ms of CPU a sample; opened ${pictures.length} in ${perPicture} ms each`,
  );
  await loader.close();
}
