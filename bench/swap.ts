// Swaps versions 100 times under 8 streams, and weighs 8 loaded versions against one; writes bench/results/swap.json.
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { Sampling } from '@/core/sampling';
import type { EngineClient } from '@/engine/client';
import { spawnEngine } from '@/engine/spawn';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { writeResult } from './results';
import { writeVersion } from './serve/versions';

const SWAPS = 100;
const STREAMS = 8;
const COUNT = 24; // tokens per answer
const VERSIONS = 8;
const MIB = 2 ** 20;
/** Memory after this many swaps is compared with memory after the last one. */
const WARM_SWAPS = 10;
const SETTLE_MS = 1500;

async function main([model]: string[]): Promise<void> {
  const folder = join(env.dataFolder, 'bench');
  const artifacts = join(folder, 'artifacts');
  const { modelPath, base } = await loadChosenBase(model);
  const versions = Array.from({ length: VERSIONS }, (_, i) => `swap-${i + 1}`);
  for (const [i, id] of versions.entries()) await writeVersion(artifacts, base, id, 10 + i);
  const engine = await spawnEngine({
    modelPath,
    artifacts,
    cache: join(env.dataFolder, 'cache'),
    socketPath: join(folder, 'swap.sock'),
    precision: 'fp32', // its answers do not depend on the batch, so that any change is a fault
    threads: env.ATTUNE_ENGINE_THREADS,
    maxVersions: VERSIONS,
  });
  const { client } = engine;
  const resident = async () => (await client.status()).residentBytes;
  try {
    const prompts = Array.from({ length: STREAMS }, (_, i) =>
      base.renderPrompt([{ role: 'user', content: `Tell me about the number ${i + 2}.` }]),
    );
    const [one, eight] = await weighVersions(client, versions, prompts[0]!, resident);
    const expected = await expectAnswers(client, versions.slice(0, 2), prompts);
    const outcome = { failed: 0, changed: 0, answers: 0 };
    const firstTokenMs: number[] = [];
    const pauses: Pause[] = [];
    const pauseMs = { loading: [] as number[], between: [] as number[] };
    let current = versions[0]!;
    let isOver = false;
    const streams = prompts.map(async (prompt, stream) => {
      while (!isOver) {
        const version = current;
        outcome.answers++;
        try {
          const ids = await answer(client, version, prompt, COUNT, pauses);
          if (ids.join() !== expected.get(`${version} ${stream}`)) outcome.changed++;
        } catch (error) {
          outcome.failed++;
          console.log(error);
        }
      }
    });
    let warm = 0;
    for (let swap = 1; swap <= SWAPS; swap++) {
      const next = versions[swap % 2]!;
      const noticed = performance.now();
      await client.load(next);
      const loaded = performance.now();
      await answer(client, next, [prompts[0]![0]!], 1);
      firstTokenMs.push(performance.now() - noticed);
      const former = current;
      current = next;
      await client.unload(former); // it is freed once its running answers have ended
      const rested = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 300));
      pauseMs.loading.push(longestBetween(pauses, noticed, loaded));
      pauseMs.between.push(longestBetween(pauses, rested, performance.now()));
      if (swap === WARM_SWAPS) warm = await resident();
    }
    isOver = true;
    await Promise.all(streams);
    const last = await resident();
    const quiet: number[] = [];
    for (let i = 0; i < 10; i++) {
      await client.unload(versions[2]!);
      const noticed = performance.now();
      await client.load(versions[2]!);
      await answer(client, versions[2]!, [prompts[0]![0]!], 1);
      quiet.push(performance.now() - noticed);
    }
    const result = {
      swaps: SWAPS,
      ...outcome,
      memoryRatio: Number((last / warm).toFixed(3)),
      residentMiB: { afterSwap10: mib(warm), afterSwap100: mib(last), oneVersion: mib(one), eightVersions: mib(eight) },
      mibPerVersion: Number(((eight - one) / MIB / (VERSIONS - 1)).toFixed(1)),
      firstTokenAfterNoticeMs: { under8Streams: middle(firstTokenMs), idle: middle(quiet) },
      /** Median over the swaps of the longest pause of any running answer while a version was read, and in the rest. */
      pauseMs: { loading: middle(pauseMs.loading), between: middle(pauseMs.between) },
      settings: `fp32, greedy, ${COUNT} tokens, ${STREAMS} streams, rank 16`,
      loadAverage: Number(loadavg()[0]!.toFixed(2)),
      measuredAt: new Date().toISOString(),
    };
    await writeResult('swap', result);
    console.log(result);
  } finally {
    await engine.close();
  }
}

const mib = (bytes: number) => Math.round(bytes / MIB);
const middle = (values: number[]) => Number([...values].sort((a, b) => a - b)[values.length >> 1]!.toFixed(1));

/** Resident bytes with one version loaded and with all of them, each having served. */
async function weighVersions(
  client: EngineClient,
  versions: string[],
  prompt: number[],
  resident: () => Promise<number>,
): Promise<[number, number]> {
  const serve = async (version: string) => {
    await client.load(version);
    await answer(client, version, prompt);
  };
  const settled = async () => {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return resident();
  };
  await serve(versions[0]!);
  const one = await settled();
  for (const version of versions.slice(1)) await serve(version);
  return [one, await settled()];
}

async function expectAnswers(client: EngineClient, versions: string[], prompts: number[][]) {
  const expected = new Map<string, string>();
  for (const version of versions) {
    for (const [stream, prompt] of prompts.entries()) {
      expected.set(`${version} ${stream}`, (await answer(client, version, prompt)).join());
    }
  }
  return expected;
}

let requests = 0;

/** The gap between two pieces of one answer: when the second came, and after how many milliseconds. */
interface Pause {
  at: number;
  ms: number;
}

/** The longest pause that overlaps a span of time. */
const longestBetween = (pauses: readonly Pause[], from: number, to: number) =>
  pauses.reduce((most, { at, ms }) => (at >= from && at - ms <= to ? Math.max(most, ms) : most), 0);

async function answer(
  client: EngineClient,
  versionId: string,
  promptIds: number[],
  maxTokens = COUNT,
  pauses: Pause[] = [],
) {
  const sampling = Sampling.parse({ temperature: 0, seed: 0, maxTokens });
  const ids: number[] = [];
  let last = 0;
  for await (const event of client.generate({ requestId: `swap${requests++}`, versionId, promptIds, sampling })) {
    if (event.type !== 'tokens') continue;
    ids.push(...event.ids);
    const now = performance.now();
    if (last > 0) pauses.push({ at: now, ms: now - last });
    last = now;
  }
  return ids;
}

await main(process.argv.slice(2));
