// Names the test projects: what needs nothing, a database, the engine, native training, or a browser.
import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], extra: object = {}) => ({
  resolve: { alias: { '@': import.meta.dirname } },
  // A poll that will succeed ends at once; a second, the default, is little for an answer on a busy machine.
  test: { name, include, testTimeout: 120_000, hookTimeout: 180_000, expect: { poll: { timeout: 20_000 } }, ...extra },
});

export default defineConfig({
  test: {
    // The machine has two cores and several projects are native: one file at a time keeps timings and memory honest.
    fileParallelism: false,
    projects: [
      project('unit', ['test/unit/**/*.test.ts']),
      project('db', ['test/db/**/*.test.ts'], { globalSetup: ['test/db/global-setup.ts'] }),
      project('engine', ['test/engine/**/*.test.ts'], { pool: 'forks' }),
      project('trainer', ['test/trainer/**/*.test.ts'], { pool: 'forks', globalSetup: ['test/db/global-setup.ts'] }),
      project('e2e', ['test/e2e/**/*.test.ts'], { testTimeout: 300_000, hookTimeout: 600_000 }),
    ],
  },
});
