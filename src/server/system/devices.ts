// What can compute here. Each device is tried once, in a child: a driver may crash or hang.
import { backends, devices } from '../../vision/runtime/backends.ts';
import type { Probe } from '../../vision/runtime/probe.ts';
import type { DeviceList } from '../contract/system.ts';

/** @param probe one that remembers: whatever is asked a second time is not tried again */
export async function listDevices(probe: Probe): Promise<DeviceList> {
  const items: DeviceList['items'] = [];
  for (const name of devices) {
    const missing = backends[name].missing();
    if (name === 'cpu') items.push({ name, works: true, why: null, milliseconds: null });
    else if (missing !== null) items.push({ name, works: false, why: missing, milliseconds: null });
    else {
      const verdict = await probe(name);
      items.push({
        name,
        works: verdict.works,
        why: verdict.works ? null : verdict.why,
        milliseconds: verdict.works ? verdict.milliseconds : null,
      });
    }
  }
  return { items };
}
