// Trains the same thing here and in torch + PEFT and compares: 50 SFT steps, 50 reward steps, 5 PPO iterations, adapters
// both ways; writes the largest differences to bench/results/parity.json. torch runs on the CPU, the trainer on its device.

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resultPath } from '@/bench/results';
import type { Adapter } from '@/core/artifact/adapter';
import { encodeAdapter, readAdapter } from '@/core/artifact/adapter-files';
import { AttuneError } from '@/core/errors';
import { Rng } from '@/core/rng';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { loraFromAdapter } from '@/trainer/model/lora';
import { type Completion, scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import { startPrivateEngine } from '@/trainer/sampling/private-engine';
import { runPython, setupPeerPython } from './peers/python';
import { makeParityInput, type ParityInput, trainPpoHere, trainRewardHere, trainSftHere } from './train/parity';
import { exportBase } from './train/setup';

const { values: options } = parseArgs({
  options: {
    /** An interpreter that already has torch, transformers and PEFT. */
    python: { type: 'string' },
  },
});

interface ParityOutput {
  sft: { losses: number[]; logprobsOfTrainedThere: number[]; logprobsOfTrainedHere: number[] };
  reward: { losses: number[] };
  ppo: { policyLosses: number[]; valueLosses: number[] };
}

/** A loss, or a log-probability, may differ by this much. */
const LIMIT = 1e-3;

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  if (a.length !== b.length) throw new AttuneError('INTERNAL', `${a.length} figures here, ${b.length} there.`);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};

const testCompletions = ({ test }: ParityInput): Completion[] =>
  test.prompts.map((prompt, i) => ({
    promptIds: Int32Array.from(prompt),
    completionIds: Int32Array.from(test.completions[i]!),
  }));

/** Writes an adapter in PEFT's layout into an existing folder. */
async function writeAdapter(folder: string, adapter: Adapter, baseId: string): Promise<void> {
  for (const [name, content] of Object.entries(encodeAdapter(adapter, baseId)))
    await writeFile(join(folder, name), content);
}

async function main(): Promise<void> {
  const python = options.python ?? (await setupPeerPython('train', env.dataFolder, console.log));
  const { modelPath, base } = await loadChosenBase();
  const basePath = await exportBase(base, env.dataFolder);
  const folder = await mkdtemp(join(tmpdir(), 'attune-parity-'));
  try {
    const { input, init } = makeParityInput(base, 1);
    await writeFile(join(folder, 'input.json'), JSON.stringify(input));
    await mkdir(join(folder, 'init'));
    await writeAdapter(join(folder, 'init'), init, base.id);

    const { device } = await startBackend();
    const backbone = loadBackbone(base);
    const here = {
      sft: trainSftHere(backbone, init, input.sft),
      reward: trainRewardHere(backbone, init, input.reward),
      ppo: trainPpoHere(backbone, init, input.ppo),
    };
    await mkdir(join(folder, 'trained-here'));
    await writeAdapter(join(folder, 'trained-here'), here.sft.adapter, base.id);
    await runPython(python, [join(import.meta.dirname, 'peers/train-parity.py'), basePath, folder]);
    const there = JSON.parse(readFileSync(join(folder, 'output.json'), 'utf8')) as ParityOutput;

    const completions = testCompletions(input);
    const theirAdapter = await readAdapter(join(folder, 'trained-there'));
    const logprobsWith = (adapter: typeof theirAdapter) => {
      const lora = loraFromAdapter(backbone.config, adapter, new Rng(0));
      const { logprobs } = scoreCompletions(backbone, lora, completions, 2048);
      lora.dispose();
      return logprobs.flatMap((row) => [...row]);
    };
    const engine = await startPrivateEngine({
      modelPath,
      base,
      folder: join(folder, 'served'),
      cache: join(env.dataFolder, 'cache'),
      threads: env.ATTUNE_ENGINE_THREADS,
      precision: 'fp32' as const,
    });
    const served = await engine.score(
      await engine.serve('trained-there', theirAdapter),
      completions,
      new AbortController().signal,
    );
    await engine.close();

    const differences = {
      sftLoss: largestDifference(here.sft.losses, there.sft.losses),
      rewardLoss: largestDifference(here.reward.losses, there.reward.losses),
      ppoPolicyLoss: largestDifference(here.ppo.policyLosses, there.ppo.policyLosses),
      ppoValueLoss: largestDifference(here.ppo.valueLosses, there.ppo.valueLosses),
      trainedHereReadThere: largestDifference(logprobsWith(here.sft.adapter), there.sft.logprobsOfTrainedHere),
      trainedThereReadHere: largestDifference(logprobsWith(theirAdapter), there.sft.logprobsOfTrainedThere),
      trainedThereServedHere: largestDifference(served.flat(), there.sft.logprobsOfTrainedThere),
    };
    const shape = {
      sft: `${here.sft.losses.length} steps, loss ${here.sft.losses[0]!.toFixed(3)} to ${here.sft.losses.at(-1)!.toFixed(3)}`,
      reward: `${here.reward.losses.length} steps, loss ${here.reward.losses[0]!.toFixed(3)} to ${here.reward.losses.at(-1)!.toFixed(3)}`,
      ppo: `${input.ppo.iterations.length} iterations, ${here.ppo.policyLosses.length} steps`,
      logprobs: `${there.sft.logprobsOfTrainedThere.length} tokens`,
    };
    const file = resultPath('parity');
    const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    report[device === 'gpu' ? 'trainingOnGpu' : 'training'] = {
      date: new Date().toISOString(),
      base: base.id,
      largestDifferences: differences,
      shape,
    };
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
    console.log(differences, shape);
    const bad = Object.entries(differences).filter(([, difference]) => !(difference <= LIMIT));
    if (bad.length) {
      throw new AttuneError('INTERNAL', `Above ${LIMIT}: ${bad.map(([name, x]) => `${name} ${x}`).join(', ')}.`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof AttuneError ? error.message : error);
    process.exit(1);
  },
);
