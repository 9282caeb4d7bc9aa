import { describe, expect, it } from 'vitest';
import { actedOn, choose, move, nothingChosen, type Selection, within } from './selection.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const chosen = ({ chosen }: Selection) => [...chosen].sort().join('');

describe('a selection', () => {
  it('is one by a click, more by ctrl, a range from the anchor by shift', () => {
    let now = choose(nothingChosen, names, 'b');
    expect(chosen(now)).toBe('b');
    now = choose(now, names, 'd', { range: true });
    expect(chosen(now)).toBe('bcd');
    now = choose(now, names, 'a', { range: true });
    expect(chosen(now)).toBe('ab');
    now = choose(now, names, 'e', { toggle: true });
    expect(chosen(now)).toBe('abe');
    now = choose(now, names, 'a', { toggle: true });
    expect(chosen(now)).toBe('be');
  });

  it('moves with the keyboard within the list, and grows with shift', () => {
    let now = move(nothingChosen, names, 1);
    expect(now.active).toBe('a');
    now = move(now, names, -1);
    expect(now.active).toBe('a');
    now = move(now, names, 99);
    expect([now.active, chosen(now)]).toEqual(['e', '']);
    now = move(now, names, -2, { range: true });
    expect([now.active, chosen(now)]).toEqual(['c', 'cde']);
    expect(move(now, [], 1)).toEqual(nothingChosen);
  });

  it('forgets what is shown no more, and acts on the active one when nothing is chosen', () => {
    const both = choose(choose(nothingChosen, names, 'a'), names, 'b', { toggle: true });
    const left = within(both, new Set(['a', 'c']));
    expect([chosen(left), left.active]).toEqual(['a', null]);
    expect(actedOn(left)).toEqual(['a']);
    expect(actedOn({ ...nothingChosen, active: 'd' })).toEqual(['d']);
    expect(actedOn(nothingChosen)).toEqual([]);
  });
});
