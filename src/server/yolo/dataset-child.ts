// The program of the child that unpacks and checks datasets.
import { serveRequests } from '../platform/child-pool.ts';
import { type BuildRequest, type BuiltDataset, buildDataset } from './build-dataset.ts';

serveRequests<BuildRequest, BuiltDataset>(buildDataset);
