// One test run: every *.test.ts beside the code. Two forks fit a two-core machine.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'ui/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a page shows comes when it comes; on a busy machine not within the second of the default.
    expect: { poll: { timeout: 20_000 } },
    passWithNoTests: false,
  },
});
