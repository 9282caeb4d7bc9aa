// What the server runs on, and what can compute there.
import { useQuery } from '@tanstack/react-query';
import { Failure } from '../../components/failure.tsx';
import { Skeleton } from '../../components/loading.tsx';
import { Badge, Notice } from '../../components/notice.tsx';
import { api } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

const lowBytes = 2 * 2 ** 30;

export function useSystem() {
  return useQuery({ queryKey: ['system'], queryFn: () => api.getSystem(), refetchInterval: 15_000 });
}

export function Machine() {
  const w = useWords(words);
  const format = useFormat();
  const { data, error, refetch } = useSystem();
  return (
    <section className="card stack" aria-labelledby="machine">
      <h2 id="machine">{w.machine}</h2>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {data === undefined && error === null && <Skeleton lines={6} />}
      {data !== undefined && (
        <>
          <dl className="facts">
            <dt>{w.version}</dt>
            <dd>{data.version}</dd>
            <dt>{w.runtime}</dt>
            <dd>{data.onnxruntime}</dd>
            <dt>{w.node}</dt>
            <dd>{data.node}</dd>
            <dt>{w.platform}</dt>
            <dd>{data.platform}</dd>
            <dt>{w.threads}</dt>
            <dd>{format.count(data.threads)}</dd>
            <dt>{w.memory}</dt>
            <dd>{w.free(format.bytes(data.free_memory_bytes), format.bytes(data.memory_bytes))}</dd>
            <dt>{w.disk}</dt>
            <dd>
              {data.disk === null
                ? w.unknown
                : w.free(format.bytes(data.disk.free_bytes), format.bytes(data.disk.total_bytes))}
            </dd>
            <dt>{w.uptime}</dt>
            <dd>{format.duration(data.uptime_seconds)}</dd>
          </dl>
          {data.disk !== null && data.disk.free_bytes < lowBytes && <Notice tone="warn">{w.low}</Notice>}
        </>
      )}
    </section>
  );
}

export function Devices() {
  const w = useWords(words);
  const format = useFormat();
  const system = useSystem();
  const { data, error, refetch } = useQuery({
    queryKey: ['devices'],
    queryFn: () => api.listDevices(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <section className="card stack" aria-labelledby="devices">
      <div>
        <h2 id="devices">{w.devices}</h2>
        <p className="hint">{w.devicesHint}</p>
      </div>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {data === undefined && error === null && <Skeleton lines={4} />}
      {data !== undefined && (
        <div className="scroll-x">
          <table>
            <thead>
              <tr>
                <th scope="col">{w.device}</th>
                <th scope="col">{w.state}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ name, works, why, milliseconds }) => (
                <tr key={name}>
                  <td className="mono system-device">{name}</td>
                  <td>
                    <Badge tone={works ? 'ok' : 'plain'}>{works ? w.works : w.worksNot}</Badge>{' '}
                    <small className="quiet">
                      {why}
                      {milliseconds !== null && `${format.decimal(milliseconds, 1)} ms`}
                    </small>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {system.data !== undefined && (
        <dl className="facts">
          <dt>{w.trains}</dt>
          <dd className="mono">{system.data.training_device}</dd>
          <dt>{w.tests}</dt>
          <dd className="mono">{system.data.inference_device}</dd>
        </dl>
      )}
    </section>
  );
}
