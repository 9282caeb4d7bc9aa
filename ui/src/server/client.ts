// The typed client of the API, for the server that these pages come from. The session's cookie goes along by itself.
import { okapiClient } from '../../../src/client/client.ts';

export { ApiError } from '../../../src/client/api-error.ts';
export type * from '../../../src/client/index.ts';

export const api = okapiClient({ baseUrl: '' });
