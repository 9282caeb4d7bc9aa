// The other thread of bench/cores.ts, in plain JavaScript: threads do not inherit what reads TypeScript.
import { parentPort, workerData } from 'node:worker_threads';

const number = new Int32Array(workerData.shared);
parentPort.on('message', () => {
  parentPort.postMessage('ready');
  for (let trip = 0; trip < workerData.trips; trip++) {
    while (Atomics.load(number, 0) !== 2 * trip + 1);
    Atomics.store(number, 0, 2 * trip + 2);
  }
});
