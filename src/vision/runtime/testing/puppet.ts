// A child process that does as it is told, for the tests of child.ts and probe.ts.

import { getPriority } from 'node:os';
import { forkModule, parentChannel } from '../child.ts';

export type Order =
  | { readonly do: 'echo'; readonly value: unknown }
  | { readonly do: 'priority' }
  | { readonly do: 'fork' }
  | { readonly do: 'fail'; readonly lines: readonly string[] }
  | { readonly do: 'spin' };

const parent = parentChannel<Order, unknown>();

// A GPU driver in trouble: the probe passes the device as the only argument.
if (process.argv[2] === 'cuda') process.abort();
if (process.argv[2] === 'webgpu') spin();

parent.receive((order) => {
  if (order.do === 'echo') void parent.send(order.value);
  if (order.do === 'priority') void parent.send(getPriority());
  if (order.do === 'fork') void parent.send(forkModule(import.meta.url).pid);
  if (order.do === 'fail') {
    process.stderr.write(order.lines.join('\n'));
    process.exitCode = 3;
    parent.close();
  }
  if (order.do === 'spin') spin();
});

function spin(): never {
  process.on('SIGTERM', () => {});
  for (;;);
}
