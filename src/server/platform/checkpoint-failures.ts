// What it means for a file of weights when the child that checks it fails.
import type { ChildFailureTable } from './child-pool.ts';

export const checkpointFailures: ChildFailureTable = {
  timeout: ['checkpoint.too_large', 'it took too long to check'],
  memory: ['checkpoint.too_large', 'it needed more memory than there is to check it'],
  crashed: ['checkpoint.malformed', 'the program that checks it ended over it'],
};
