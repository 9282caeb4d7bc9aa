// The program of the child that checks uploaded weights.
import { openRuntimeOn } from '../../vision/runtime/runtime.ts';
import { serveRequests } from '../platform/child-pool.ts';
import { type BaseModelToCheck, type CheckedBaseModel, checkBaseModel } from './check-base-model.ts';

serveRequests<BaseModelToCheck, CheckedBaseModel>(async (request) => {
  const runtime = await openRuntimeOn('cpu', { threads: 1 });
  try {
    return await checkBaseModel(request, runtime);
  } finally {
    await runtime.close();
  }
});
