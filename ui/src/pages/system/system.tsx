// The server itself: what it runs on, what it may do, who may use it.
import { useWords } from '../../text/language.tsx';
import { Encoders } from './encoders.tsx';
import { Jobs } from './jobs.tsx';
import { Keys } from './keys.tsx';
import { LimitTable } from './limit-table.tsx';
import { Devices, Machine } from './machine.tsx';
import './system.css';
import { words } from './words.ts';

export default function System() {
  const w = useWords(words);
  return (
    <>
      <div className="page-head">
        <h1>{w.title}</h1>
        <p>
          {w.api} <a href="/docs">/docs</a> · {w.metrics} <a href="/metrics">/metrics</a>
        </p>
      </div>
      <div className="system-columns">
        <Machine />
        <Devices />
        <Encoders />
        <Keys />
        <Jobs />
        <LimitTable />
      </div>
    </>
  );
}
