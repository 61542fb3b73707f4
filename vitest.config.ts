// Names the test projects: what needs nothing, a database, the engine, native training, or a browser.
import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], extra: object = {}) => ({
  resolve: { alias: { '@': import.meta.dirname } },
  test: {
    name,
    include,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // A poll that will succeed ends at once; a second, the default, is little for an answer on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    // The machine has two cores, and most of a file's work is on one.
    maxWorkers: 2,
    sequence: { groupOrder: 0 },
    ...extra,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['test/unit/**/*.test.ts']),
      project('db', ['test/db/**/*.test.ts'], { globalSetup: ['test/db/global-setup.ts'] }),
      project('engine', ['test/engine/**/*.test.ts'], { pool: 'forks' }),
      project('trainer', ['test/trainer/**/*.test.ts'], { pool: 'forks', globalSetup: ['test/db/global-setup.ts'] }),
      // Each file starts a whole product and watches how it behaves at people's speed: one after the other, and last.
      project('e2e', ['test/e2e/**/*.test.ts'], {
        testTimeout: 300_000,
        hookTimeout: 600_000,
        maxWorkers: 1,
        sequence: { groupOrder: 1 },
      }),
    ],
  },
});
