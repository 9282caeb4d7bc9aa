// The program of the child that checks pictures of good parts.
import { openRuntimeOn } from '../../vision/runtime/runtime.ts';
import { serveRequests } from '../platform/child-pool.ts';
import { type CheckedSet, checkSet, type SetToCheck } from './check-set.ts';

serveRequests<SetToCheck, CheckedSet>(async (set) => {
  const runtime = await openRuntimeOn('cpu', { threads: 1 });
  try {
    return await checkSet(set, runtime);
  } finally {
    await runtime.close();
  }
});
