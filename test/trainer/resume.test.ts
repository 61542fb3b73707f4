// Runs killed with SIGKILL in the middle of a stage resume and end with the same weights, bit for bit.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureKilledRuns, writeDataSet } from '@/bench/resume/killed-runs';
import { writeTinyLlama } from '@/test/tiny-llama';
import { problem } from './process-support';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-resume-'));
  await writeTinyLlama(join(folder, 'model'), { seed: 7 });
  await writeDataSet(join(folder, 'data.jsonl'), 60);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(problem)('a killed run', () => {
  // More answers than the engine has rows, so rows join and leave batches; `measure-resume` does the same 20 times.
  const config = { sft: { epochs: 1 }, ppo: { sequences: 40, iterations: 3, checkpointEverySteps: 1 } };

  it('ends with the weights of the undisturbed one, wherever it was killed', async () => {
    const lines: string[] = [];
    const runs = await measureKilledRuns({
      folder,
      model: join(folder, 'model'),
      data: [join(folder, 'data.jsonl')],
      args: ['--preset', 'tiny', '--seed', '1', '--config', JSON.stringify(config)],
      kills: 5,
      seed: 2,
      write: (line) => lines.push(line),
    });
    expect(
      runs.filter(({ isEqual }) => !isEqual),
      lines.join('\n'),
    ).toEqual([]);
    // The kills fell into different stages, and before the end of the run.
    expect(new Set(runs.map(({ stage }) => stage)).size).toBe(5);
  }, 600_000);
});
