// Compares the engine with llama.cpp on the same weights, a LoRA version active; writes bench/results/serve.json.
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { type SpawnedEngine, spawnEngine } from '@/engine/spawn';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { LlamaPeer } from './peers/llama';
import { writeResult } from './results';
import { CHAT_SETTINGS, type ChatSetting, chatPrompts, runChat } from './serve/chat-runs';
import { measureDivergence, readDialogues } from './serve/divergence';
import { peakBytes, runStreams } from './serve/engine-runs';
import { writeVersion } from './serve/versions';

const ROUNDS = 3;
const STREAMS = [1, 4, 8, 16];
const COUNT = 96; // tokens per answer
const PROMPT_TOKENS = 64;
const LONG_PROMPT_TOKENS = 512;
const POSITIONS = 2000;
const STORY =
  'Write a long story about a traveller who crosses the mountains in winter, meets an old painter and a talking cat, ' +
  'and learns something about patience. Describe the weather, the houses and the food. ';

const SETTINGS = Object.keys(CHAT_SETTINGS) as ChatSetting[];

/** Each figure's values, one per round. */
type Series = Record<string, number[]>;

async function main([model]: string[]): Promise<void> {
  const threads = env.ATTUNE_ENGINE_THREADS;
  const folder = join(env.dataFolder, 'bench');
  const artifacts = join(folder, 'artifacts');
  const cache = join(env.dataFolder, 'cache');
  const { modelPath, base } = await loadChosenBase(model);
  for (const [i, id] of ['bench-1', 'bench-2'].entries()) await writeVersion(artifacts, base, id, i + 1);
  const dialogues = readDialogues(resolve(env.ATTUNE_SHARED ?? '../shared'));
  if (!dialogues) console.log('No ../shared/data/oasst-en100: klPerToken and chat are left out.');
  const divergence =
    dialogues && (await measureDivergence(base, dialogues, { positions: POSITIONS, cacheDirectory: cache, threads }));

  const prompt = (tokens: number, stream: number) =>
    base.tokenizer.encode(`Number ${stream}. ${STORY.repeat(20)}`).slice(0, tokens);
  const prompts = (streams: number) => Array.from({ length: streams }, (_, i) => prompt(PROMPT_TOKENS, i));
  const stopIds = base.weights.config.eosTokenIds;
  const peer = new LlamaPeer(join(folder, 'llama-cpp'), modelPath, threads);
  const peerVersion = await peer.start();
  // All figures except those of chat are for plain decoding.
  const spawn = (name: string, speculates: boolean) =>
    spawnEngine({ modelPath, artifacts, cache, socketPath: join(folder, `${name}.sock`), threads, speculates });
  const engine = await spawn('serve', false);
  const speculative = await spawn('speculative', true);
  const attune: Series = {};
  const llama: Series = {};
  const loads: Series = {};
  /** Records the load average of the last minute with each figure. */
  const note = (series: Series, name: string, value: number) => {
    series[name] = [...(series[name] ?? []), value];
    const beside = series === attune ? name : `llama.${name}`;
    loads[beside] = [...(loads[beside] ?? []), round(loadavg()[0]!, 2)];
  };
  let peerPeak = 0;
  try {
    await engine.client.load('bench-1');
    await runStreams(engine.client, prompts(1), { count: 16, versions: ['bench-1'], stopIds });
    await speculative.client.load('bench-1');
    await runStreams(speculative.client, prompts(1), { count: 16, versions: ['bench-1'], stopIds });
    for (let round = 0; round < ROUNDS; round++) {
      for (const streams of STREAMS) {
        const options = { count: COUNT, versions: ['bench-1'], stopIds };
        const own = await runStreams(engine.client, prompts(streams), options);
        const other = await peer.generate(prompts(streams), COUNT);
        peerPeak = other.peakBytes;
        note(attune, `tokensPerSecond.${streams}`, own.tokensPerSecond);
        note(llama, `tokensPerSecond.${streams}`, other.tokensPerSecond);
      }
      // The first words differ in each round, so that no prefix is cached.
      const long = prompt(LONG_PROMPT_TOKENS, 100 + round);
      note(attune, 'firstToken512', (await runStreams(engine.client, [long], first(stopIds))).firstTokenMs);
      note(llama, 'firstToken512', (await peer.generate([long], 2)).firstTokenMs);
      const questions = chatPrompts(base, dialogues ?? [], round);
      for (const setting of dialogues ? SETTINGS : []) {
        note(attune, `chat.${setting}.plain`, await runChat(engine.client, questions, setting));
        note(attune, `chat.${setting}.speculative`, await runChat(speculative.client, questions, setting));
      }
      await measureVariants(engine, prompts, stopIds, (name, value) => note(attune, name, value));
    }
    const { pid } = engine.child();
    await report({
      attune,
      llama,
      divergence,
      loads,
      peerVersion,
      threads,
      modelPath,
      peaks: [peakBytes(pid!), peerPeak],
    });
  } finally {
    peer.close();
    await engine.close();
    await speculative.close();
  }
}

const first = (stopIds: readonly number[]) => ({ count: 2, versions: ['bench-1'], stopIds });

/** Figures only for Attune: sampling, no version, and two versions in one batch. */
async function measureVariants(
  { client }: SpawnedEngine,
  prompts: (streams: number) => number[][],
  stopIds: readonly number[],
  note: (name: string, value: number) => void,
): Promise<void> {
  const run = async (name: string, streams: number, versions: string[], sampling = {}) =>
    note(
      name,
      (await runStreams(client, prompts(streams), { count: COUNT, versions, stopIds, sampling })).tokensPerSecond,
    );
  await run('sampled.1', 1, ['bench-1'], { temperature: 0.7, topP: 0.95 });
  await run('base.1', 1, ['base']);
  await run('oneVersion.8', 8, ['bench-1']);
  await run('twoVersions.8', 8, ['bench-1', 'bench-2']);
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const round = (value: number, digits = 3) => Number(value.toFixed(digits));
const medians = (series: Series) =>
  Object.fromEntries(Object.entries(series).map(([name, values]) => [name, round(median(values), 1)]));

async function report(run: {
  attune: Series;
  llama: Series;
  divergence: { klPerToken: number; topOneAgreement: number; positions: number } | null;
  loads: Series;
  peerVersion: string;
  threads: number;
  modelPath: string;
  peaks: [number, number] | number[];
}): Promise<void> {
  const { attune, llama } = run;
  // Each ratio compares two figures of the same round, so that a slow minute of the machine affects both sides.
  const ratio = (name: string, other = llama[name]!) =>
    round(median(attune[name]!.map((value, i) => value / other[i]!)));
  const hasChat = 'chat.greedy.plain' in attune;
  const ofSettings = (figure: (setting: ChatSetting) => number) =>
    hasChat && Object.fromEntries(SETTINGS.map((setting) => [setting, figure(setting)]));
  const plain = llama['tokensPerSecond.1']!;
  const result = {
    settings: `greedy, ${COUNT} tokens, ${PROMPT_TOKENS} prompt tokens, ${run.threads} threads, LoRA rank 16 active in Attune`,
    ratios: {
      tokensPerSecond: Object.fromEntries(STREAMS.map((streams) => [streams, ratio(`tokensPerSecond.${streams}`)])),
      firstToken512: ratio('firstToken512'),
      // Ordinary chat with one stream against llama.cpp's plain tokens per second.
      ...(hasChat && {
        speculative: ofSettings((setting) => ratio(`chat.${setting}.speculative`, plain)),
        plainChat: ofSettings((setting) => ratio(`chat.${setting}.plain`, plain)),
      }),
    },
    ...(hasChat && {
      speculationGain: ofSettings((setting) => ratio(`chat.${setting}.speculative`, attune[`chat.${setting}.plain`]!)),
    }),
    ...(run.divergence && {
      klPerToken: round(run.divergence.klPerToken, 5),
      topOneAgreement: round(run.divergence.topOneAgreement, 4),
      positions: run.divergence.positions,
    }),
    twoVersionsCost: round(1 - median(attune['twoVersions.8']!.map((value, i) => value / attune['oneVersion.8']![i]!))),
    attune: medians(attune),
    llamaCpp: medians(llama),
    peakMiB: { attune: round(run.peaks[0]! / 2 ** 20, 0), llamaCpp: round(run.peaks[1]! / 2 ** 20, 0) },
    rounds: { attune, llamaCpp: llama, loadAverage: run.loads },
    peer: `llama-cpp-python ${run.peerVersion}`,
    measuredAt: new Date().toISOString(),
  };
  await writeResult('serve', result);
  console.table({ attune: result.attune, llamaCpp: result.llamaCpp });
  console.log(JSON.stringify({ ...result, rounds: undefined, attune: undefined, llamaCpp: undefined }, null, 2));
}

await main(process.argv.slice(2));
