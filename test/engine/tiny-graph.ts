// The tiny model on the real graph: built once per test file, with its runners released at the end.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { createModelRunner, type InspectableModelRunner, type ModelRunnerOptions } from '@/engine/runner/model-runner';
import type { RunResult } from '@/engine/runner/runner';
import { writeTinyLlama } from '@/test/tiny-llama';
import { temporaryDirectory } from './graph-twin';

export const PROMPTS = [[256, 72, 101], [5, 6, 7, 8, 9, 10, 11, 12, 13], [200], [65, 66, 67, 68, 69]];

/** Call it at the top of a file; `base` is available from the file's own `beforeAll` on. */
export function useTinyGraph() {
  const directory = temporaryDirectory();
  const runners: InspectableModelRunner[] = [];
  const tiny = {
    directory,
    base: undefined as unknown as Base,
    async createRunner(options: Partial<ModelRunnerOptions> = {}): Promise<InspectableModelRunner> {
      const { base } = tiny;
      const cacheDirectory = join(directory, 'cache');
      const own = { base, precision: 'fp32', cacheDirectory, threads: 1, maxRank: 8, ...options } as const;
      runners.push(await createModelRunner(own));
      return runners.at(-1)!;
    },
  };
  beforeAll(async () => {
    await writeTinyLlama(join(directory, 'tiny'), { seed: 7 });
    tiny.base = await loadBase(join(directory, 'tiny'));
  });
  afterAll(async () => {
    for (const runner of runners) await runner.dispose();
    rmSync(directory, { recursive: true });
  });
  return tiny;
}

type Tokens = Pick<RunResult, 'ids' | 'logprobs'>;

export function expectSame(actual: Tokens, expected: Tokens, tolerance = 1e-4): void {
  expect(actual.ids).toEqual(expected.ids);
  expectClose(actual.logprobs, expected.logprobs, tolerance);
}

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const differences = Array.from(actual, (value, i) => Math.abs(value - expected[i]!));
  expect(Math.max(0, ...differences)).toBeLessThan(tolerance);
}
