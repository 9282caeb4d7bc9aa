// The program of the child that draws made-up parts for a sample project.
import { serveRequests } from '../platform/child-pool.ts';
import { drawSampleParts, type SamplePartsRequest } from './draw-sample-parts.ts';

serveRequests<SamplePartsRequest, number>(drawSampleParts);
