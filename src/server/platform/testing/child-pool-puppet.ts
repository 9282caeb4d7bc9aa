// A child of a pool that does as it is told, for the tests of child-pool.ts.
import { getPriority } from 'node:os';
import { OkapiError } from '../../../vision/errors.ts';
import { ServerError } from '../../contract/errors.ts';
import { serveRequests } from '../child-pool.ts';

export type Order =
  | { readonly do: 'echo'; readonly value: unknown }
  | { readonly do: 'self' }
  | { readonly do: 'wait'; readonly milliseconds: number }
  | { readonly do: 'hang' }
  | { readonly do: 'crash' }
  | { readonly do: 'exit' }
  | { readonly do: 'grow' }
  | { readonly do: 'refuse'; readonly code: 'image.empty' | 'model.corrupt' }
  | { readonly do: 'bug' };

serveRequests<Order, unknown>(async (order) => {
  if (order.do === 'echo') return order.value;
  if (order.do === 'self')
    return { pid: process.pid, priority: getPriority(), args: process.argv.slice(2), kept: kept.length };
  if (order.do === 'wait') return waited(order.milliseconds);
  if (order.do === 'hang') hang();
  if (order.do === 'crash') process.abort();
  if (order.do === 'exit') process.exit(0);
  if (order.do === 'grow') return grow();
  if (order.do === 'refuse' && order.code === 'image.empty') throw new OkapiError(order.code, 'empty');
  if (order.do === 'refuse') throw new ServerError('model.corrupt', 'damaged');
  console.error('about to fail');
  throw new Error('internal: a bug');
});

const kept: Buffer[] = [];
let waiting = 0;

/** How many such requests were waiting at once. */
function waited(milliseconds: number): Promise<number> {
  waiting++;
  let most = waiting;
  return new Promise((resolve) => {
    setTimeout(() => {
      most = Math.max(most, waiting);
      waiting--;
      resolve(most);
    }, milliseconds);
  });
}

function hang(): never {
  process.on('SIGTERM', () => {});
  for (;;);
}

/** Takes 8 MiB at a time and lets the event loop turn, for ever. */
function grow(): void {
  kept.push(Buffer.alloc(8 * 2 ** 20, 1));
  setTimeout(grow, 2);
}
