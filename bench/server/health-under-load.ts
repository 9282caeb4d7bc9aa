// How quickly /healthz answers while two jobs train and eight clients test pictures.
import { parts, pause, quantile, ServerProcess } from './server-process.ts';

const seconds = Number(process.argv[2] ?? 30);
const server = await ServerProcess.start();
try {
  const model = await server.quickModel('tested');
  const pictures = await parts(8, 100);
  for (const scene of ['one', 'two']) {
    await server.upload(`/datasets/${scene}/upload`, await parts(40));
    await server.post('/train', { scene_id: scene, img_size: 256, epochs: 100 });
  }
  await pause(5000); // until both jobs train
  const running = await server.json<{ items: { status: string }[] }>('/jobs?status=running');
  let going = true;
  const tested: number[] = [];
  const clients = pictures.map(async (picture) => {
    while (going) {
      const started = performance.now();
      await server.upload(`/models/${model}/test`, [picture]);
      tested.push(performance.now() - started);
    }
  });
  const health: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const started = performance.now();
    await server.json('/healthz');
    health.push(performance.now() - started);
    await pause(20);
  }
  going = false;
  await Promise.all(clients);
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  console.log(
    `${running.items.length} jobs running, 8 clients, ${seconds} s: ${tested.length} pictures tested, median ${ms(quantile(tested, 0.5))}`,
  );
  console.log(
    `/healthz, ${health.length} requests: p50 ${ms(quantile(health, 0.5))}, p99 ${ms(quantile(health, 0.99))}, max ${ms(quantile(health, 1))} (goal p99 <= 50 ms)`,
  );
} finally {
  await server.close();
}
