// Routes for whoever runs the server: the machine, the encoders, the API keys.
import { ServerError } from '../contract/errors.ts';
import { createKey, listKeys, revokeKey } from '../platform/api-keys.ts';
import { listDevices } from '../system/devices.ts';
import { listEncoders, putEncoder } from '../system/encoders.ts';
import { systemInfo } from '../system/system-info.ts';
import type { Handlers } from './handler.ts';
import { onlyFile, receive } from './receive.ts';

const dayMs = 24 * 3600 * 1000;

export const administrationHandlers: Handlers<
  'getSystem' | 'listDevices' | 'listEncoders' | 'putEncoder' | 'listKeys' | 'createKey' | 'revokeKey'
> = {
  async getSystem({ services: { context, keys } }) {
    return systemInfo(context, await keys.inForce());
  },

  async listDevices({ services: { probe } }) {
    return listDevices(probe);
  },

  async listEncoders({ services: { context } }) {
    return listEncoders(context);
  },

  async putEncoder(call) {
    const { services, actor } = call;
    return receive(call, 'checkpoint.too_large', async (files) =>
      putEncoder(services, await onlyFile(files), actor),
    );
  },

  async listKeys({ services: { context } }) {
    return { items: await listKeys(context.docs, context.clock) };
  },

  async createKey({ services: { context, keys }, body: { name, scope, expires_days }, actor }) {
    const { docs, ids, clock } = context;
    // With a lesser first key nobody could make or revoke another one from here.
    if (scope !== 'admin' && !(await keys.inForce()))
      throw new ServerError('request.invalid', `expected the scope admin for the first key, got ${scope}`);
    const expires =
      expires_days === undefined ? null : new Date(clock.date().getTime() + expires_days * dayMs);
    const key = await createKey(docs, { name, scope, ...(expires && { expires }) }, ids, clock);
    keys.changed();
    await context.audit.record(actor, 'key.create', `keys/${name}`, { scope });
    const made = (await listKeys(docs, clock)).find((one) => one.name === name)!;
    return { ...made, key };
  },

  async revokeKey({ services: { context, keys }, params: { key_name }, actor }) {
    const { docs, clock } = context;
    // Nobody may shut out everybody else, and themselves, by a slip.
    const all = await listKeys(docs, clock);
    const rulers = all.filter(({ scope, state }) => scope === 'admin' && state === 'valid');
    if (rulers.length === 1 && rulers[0]!.name === key_name)
      throw new ServerError(
        'request.invalid',
        'expected another valid key of the scope admin before the last one is revoked; `okapi keys revoke` does it all the same',
      );
    await revokeKey(docs, key_name, clock);
    keys.changed();
    await context.audit.record(actor, 'key.revoke', `keys/${key_name}`);
    return { ok: true };
  },
};
