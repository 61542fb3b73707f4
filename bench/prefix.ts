// Measures first tokens with and without kept prefixes: in a growing conversation, and with a shared system prompt.
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { loadBase } from '@/core/base/load-base';
import { Rng } from '@/core/rng';
import type { EngineClient } from '@/engine/client';
import { spawnEngine } from '@/engine/spawn';
import { env } from '@/product/env';
import { writeResult } from './results';
import { runStreams } from './serve/engine-runs';
import { writeVersion } from './serve/versions';

const ROUNDS = 5;
const TURNS = 6;
const QUESTION_TOKENS = 40;
const ANSWER_TOKENS = 64;
const TOGETHER = 8;
const SYSTEM_TOKENS = [20, 40, 80, 160, 320];
const OWN_TOKENS = 30;

type Series = Record<string, { kept: number[]; plain: number[] }>;

async function main([modelPath = env.ATTUNE_MODEL]: string[]): Promise<void> {
  if (!modelPath) throw new Error('Usage: npm run bench:prefix -- <GGUF file>   (or set ATTUNE_MODEL)');
  const folder = join(env.dataFolder, 'bench');
  const artifacts = join(folder, 'artifacts');
  const base = await loadBase(modelPath);
  await writeVersion(artifacts, base, 'bench-1', 1);
  const cache = join(env.dataFolder, 'cache');
  const common = { modelPath, artifacts, cache, threads: env.ATTUNE_ENGINE_THREADS };
  const kept = await spawnEngine({ ...common, socketPath: join(folder, 'kept.sock') });
  const plain = await spawnEngine({ ...common, socketPath: join(folder, 'plain.sock'), prefixMib: 0 });
  const series: Series = {};
  const stopIds = base.weights.config.eosTokenIds;
  const rng = new Rng(1);
  const draw = (count: number) =>
    Array.from({ length: count }, () => 1000 + Math.floor(rng.uniform() * (base.weights.config.vocabSize - 1000)));
  const both = async (name: string, measure: (client: EngineClient) => Promise<number>) => {
    series[name] ??= { kept: [], plain: [] };
    // The order alternates between rounds, so that neither side always runs second.
    const sides = series[name].kept.length % 2 ? (['kept', 'plain'] as const) : (['plain', 'kept'] as const);
    for (const side of sides) series[name][side].push(await measure(side === 'kept' ? kept.client : plain.client));
  };
  const loads: number[] = [];
  try {
    for (let round = -1; round < ROUNDS; round++) {
      loads.push(loadavg()[0]!);
      let history: number[] = draw(20);
      for (let turn = 1; turn <= TURNS; turn++) {
        const prompt = [...history, ...draw(QUESTION_TOKENS)];
        let answer: number[] = [];
        await both(`turn ${turn} (${prompt.length} tokens)`, async (client) => {
          const figures = await runStreams(client, [prompt], { count: ANSWER_TOKENS, versions: ['bench-1'], stopIds });
          if (client === kept.client) answer = figures.answers[0]!;
          return figures.firstTokenMs;
        });
        history = [...prompt, ...answer];
      }
      for (const length of SYSTEM_TOKENS) {
        const system = draw(length);
        const prompts = () => Array.from({ length: TOGETHER }, () => [...system, ...draw(OWN_TOKENS)]);
        for (const state of ['cold', 'warm']) {
          const together = prompts();
          await both(`${TOGETHER} with ${length} in common, ${state}`, async (client) => {
            await client.hold();
            const answers = runStreams(client, together, { count: 2, versions: ['bench-1'], stopIds });
            await client.release();
            return (await answers).firstTokenMs;
          });
        }
      }
      if (round === -1)
        for (const own of Object.values(series)) for (const side of [own.kept, own.plain]) side.length = 0;
    }
    const { prefixes } = await kept.client.status();
    const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
    const table = Object.fromEntries(
      Object.entries(series).map(([name, own]) => {
        const [keptMs, plainMs] = [median(own.kept), median(own.plain)].map((ms) => Number(ms.toFixed(1)));
        return [name, { keptMs: keptMs!, plainMs: plainMs!, ratio: Number((keptMs! / plainMs!).toFixed(3)) }];
      }),
    );
    const result = {
      settings: `int8, ${common.threads} threads, rank 16, medians of ${ROUNDS} rounds, first token of all, milliseconds`,
      firstToken: table,
      prefixes,
      loadAverage: loads.map((load) => Number(load.toFixed(2))),
      measuredAt: new Date().toISOString(),
    };
    await writeResult('prefix', result);
    console.table(table);
    console.log(prefixes, result.loadAverage);
  } finally {
    await kept.close();
    await plain.close();
  }
}

await main(process.argv.slice(2));
