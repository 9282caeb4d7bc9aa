// The program of the children that draw small previews of stored pictures.
import { serveRequests } from '../platform/child-pool.ts';
import { drawThumbnail, type ThumbnailRequest } from './draw-thumbnail.ts';

serveRequests<ThumbnailRequest, number>(drawThumbnail);
