// The program of the child that evaluates a model.
import { openRuntime } from '../../vision/index.ts';
import { serveRequests } from '../platform/child-pool.ts';
import { type EvaluationAnswer, EvaluationSession, type EvaluationStep } from './evaluation-steps.ts';

const { device, threads } = JSON.parse(process.argv[2]!) as {
  readonly device: string;
  readonly threads: number;
};
const session = new EvaluationSession(openRuntime({ device, threads }));

serveRequests<EvaluationStep, EvaluationAnswer>((step) => session.take(step));
