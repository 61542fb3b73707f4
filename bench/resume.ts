// Measures whether runs killed at random moments end with the weights of the undisturbed run; writes a JSON file.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { resultPath } from '@/bench/results';
import { writeTinyLlama } from '@/test/tiny-llama';
import { measureKilledRuns, writeDataSet } from './resume/killed-runs';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    /** A base; by default the tiny one of the tests. */
    model: { type: 'string' },
    preset: { type: 'string', default: 'tiny' },
    output: { type: 'string', default: resultPath('resume') },
    /** JSON that overrides the preset. More answers than the engine has rows, so that batches form and dissolve. */
    config: {
      type: 'string',
      default: '{"sft":{"checkpointEverySteps":1},"ppo":{"sequences":40,"checkpointEverySteps":1}}',
    },
  },
});

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'attune-resume-'));
  const model = options.model ?? join(folder, 'model');
  try {
    if (!options.model) await writeTinyLlama(model, { seed: 7 });
    const data = [join(folder, 'data.jsonl')];
    await writeDataSet(data[0]!, 60);
    const { preset, config, seed } = options;
    const runs = await measureKilledRuns({
      folder,
      model,
      data,
      args: ['--preset', preset, '--config', config, '--seed', seed],
      kills: Number(options.kills),
      seed: Number(seed),
      write: (line) => console.log(line),
    });
    const equal = runs.filter(({ isEqual }) => isEqual).length;
    console.log(`${equal} of ${runs.length} killed runs ended with the weights of the undisturbed one`);
    await mkdir(dirname(options.output), { recursive: true });
    await writeFile(options.output, `${JSON.stringify({ ...options, equal, runs }, null, 2)}\n`);
    return equal === runs.length ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
