import { describe, expect, it } from 'vitest';
import { errorTable } from '../../../src/server/contract/errors.ts';
import { ApiError } from '../server/client.ts';
import { meaningsInThai } from './error-codes-th.ts';
import { said } from './said.ts';

const refusal = new ApiError(404, { code: 'project.not_found', detail: 'there is no project x' }, null);

describe('what the server said', () => {
  it('stands as it is in English', () => {
    expect(said(refusal, 'en')).toBe('there is no project x');
  });

  it('has the meaning of its code before it in Thai', () => {
    expect(said(refusal, 'th')).toBe('ไม่มีโครงการนี้ (there is no project x)');
    expect(said({ code: 'disk.full' }, 'th')).toBe('ดิสก์เต็ม');
  });

  it('of a code that is not known, or of none, stands as it is', () => {
    for (const code of [undefined, 'unknown', '__proto__'])
      expect(said({ code, detail: 'broken' }, 'th')).toBe('broken');
    expect(said(new TypeError('Failed to fetch'), 'th')).toBe('Failed to fetch');
    expect(said('plain', 'th')).toBe('plain');
    expect(said(null, 'th')).toBe('');
  });

  it('is known in Thai for each code of the table, in words of its own', () => {
    expect(Object.keys(meaningsInThai).sort()).toEqual(Object.keys(errorTable).sort());
    for (const meaning of Object.values(meaningsInThai)) expect(meaning).toMatch(/[\u0e00-\u0e7f]/);
    expect(new Set(Object.values(meaningsInThai)).size).toBe(Object.keys(errorTable).length);
  });
});
