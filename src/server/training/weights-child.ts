// The program of the child that checks the weights that a detector is to start from.
import { checkStartWeights } from '../../vision/detectors/yolo/start-network.ts';
import { serveRequests } from '../platform/child-pool.ts';
import type { WeightsToCheck } from './weights-checks.ts';

serveRequests<WeightsToCheck, string>(({ path, variant, classes }) =>
  checkStartWeights(path, variant, classes),
);
