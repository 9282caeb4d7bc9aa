// The child process in which uploaded pictures are decoded: hostile bytes can take down no more than this.
import { serveRequests } from '../platform/child-pool.ts';
import { type ProbeAnswer, type ProbeRequest, probeFile } from './probe-picture.ts';

serveRequests<ProbeRequest, ProbeAnswer>(probeFile);
