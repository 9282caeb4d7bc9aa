// The example of the README does what it says, in a shorter version.
import { expect, it } from 'vitest';
import { trainDigits } from '../../examples/digits.ts';

it('the digits example learns to read, and says so after every epoch', async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const accuracy = await trainDigits({ epochs: 4, pictures: 2000, seed: 1, log });
  expect(accuracy).toBeGreaterThan(0.9);
  expect(lines).toHaveLength(4);
  expect(lines[3]).toMatch(/^epoch 4\/4 {2}loss \d\.\d{3} {2}accuracy 9\d\.\d %$/);
});
