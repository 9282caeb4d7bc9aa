import { expect, it } from 'vitest';
import { parseTrainingEvent, type TrainingEvent } from './events.ts';
import { Work } from './work.ts';

it('tells stage, share and time left, never falls, and ends at one', () => {
  const events: Extract<TrainingEvent, { type: 'work' }>[] = [];
  let nowMs = 0;
  const work = new Work({
    now: () => nowMs,
    onEvent: (event) => event.type === 'work' && events.push(event),
  });
  work.expect({ reading: 2, encoding: 10, writing: 1 });
  work.begin('reading');
  for (let i = 0; i < 2; i++) {
    nowMs += 1000;
    work.step();
  }
  expect(events.at(-1)).toEqual({
    type: 'work',
    stage: 'reading',
    done: 2,
    total: 2,
    progress: 2 / 13,
    secondsLeft: 11,
  });
  work.begin('encoding');
  for (let i = 0; i < 4; i++) work.step();
  // Less than was expected.
  work.begin('writing');
  work.step();
  expect(events.at(-1)).toMatchObject({ stage: 'writing', progress: 1, secondsLeft: 0 });
  const shares = events.map(({ progress }) => progress);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  for (const event of events) expect(parseTrainingEvent(event)).toEqual(event);
  expect(parseTrainingEvent({ ...events[0], stage: 'idling' })).toBeNull();
});
