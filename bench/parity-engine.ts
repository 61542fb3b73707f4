// Measures how far the engine's log-probabilities are from the trainer's for the same ids, in fp32 and in served int8.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeResult } from '@/bench/results';
import { readArtifact } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { Rng } from '@/core/rng';
import { spawnEngine } from '@/engine/spawn';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import { meanDifference } from '@/trainer/gates/engine/differences';
import { loadBackbone } from '@/trainer/model/backbone';
import { loraFromAdapter } from '@/trainer/model/lora';
import { type Completion, scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import { inParallel } from './simulate/crowd';
import { splitPrompts } from './simulate/prompts';

const { values: options } = parseArgs({
  options: {
    answers: { type: 'string', default: '200' },
    'max-tokens': { type: 'string', default: '48' },
    /** A version's directory; by default the base without an adapter. */
    version: { type: 'string' },
  },
});

const largestDifference = (a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number =>
  a.reduce((most, row, i) => Array.from(row).reduce((m, x, t) => Math.max(m, Math.abs(x - b[i]![t]!)), most), 0);

interface Measured {
  meanDifference: number;
  largestDifference: number;
  answers: number;
  tokens: number;
}

async function main(): Promise<void> {
  const { modelPath, base } = await loadChosenBase();
  const artifact = options.version ? await readArtifact(options.version, { verify: true, base }) : null;
  const versionId = artifact?.manifest.versionId ?? BASE_VERSION_ID;
  const { voted, heldOut } = splitPrompts(1, 100);
  const asked = [...voted, ...heldOut].slice(0, Number(options.answers));
  const folder = await mkdtemp(join(tmpdir(), 'attune-parity-'));
  const result: Record<string, Measured> = {};
  await startBackend();
  const backbone = loadBackbone(base);
  const lora = artifact && loraFromAdapter(base.weights.config, artifact.adapter, new Rng(0));
  try {
    for (const precision of ['fp32', 'int8'] as const) {
      const engine = await spawnEngine({
        modelPath,
        artifacts: options.version ? join(options.version, '..') : folder,
        cache: join(env.dataFolder, 'cache'),
        socketPath: join(folder, `${precision}.sock`),
        precision,
        threads: env.ATTUNE_ENGINE_THREADS,
        spinning: false,
      });
      const stored: number[][] = [];
      const answers = await inParallel(asked, 16, async (text, index): Promise<Completion> => {
        const promptIds = base.renderPrompt([{ role: 'user', content: text }]);
        const ids: number[] = [];
        const logprobs: number[] = [];
        const sampling = {
          temperature: 1,
          topK: 0,
          topP: 1,
          repetitionPenalty: 1,
          seed: index,
          maxTokens: Number(options['max-tokens']),
          stop: [],
        };
        for await (const event of engine.client.generate({
          requestId: String(index),
          versionId,
          promptIds,
          sampling,
        })) {
          if (event.type !== 'tokens') continue;
          ids.push(...event.ids);
          logprobs.push(...event.logprobs);
        }
        stored[index] = logprobs;
        return { promptIds: Int32Array.from(promptIds), completionIds: Int32Array.from(ids) };
      });
      await engine.close();
      const { logprobs } = scoreCompletions(backbone, lora, answers, 2048);
      result[precision] = {
        meanDifference: meanDifference(stored, logprobs),
        largestDifference: largestDifference(stored, logprobs),
        answers: answers.length,
        tokens: stored.reduce((sum, row) => sum + row.length, 0),
      };
      console.log(
        `${precision}: mean |difference| ${result[precision].meanDifference.toExponential(2)} nats, largest ${result[precision].largestDifference.toExponential(2)}, over ${result[precision].tokens} tokens of ${answers.length} answers of ${versionId}`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await writeResult('parity-engine', { versionId, ...result });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
