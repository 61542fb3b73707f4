// `npm run simulate`: a crowd with a hidden preference uses the product, votes, retrains it and gets the new weights.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import pc from 'picocolors';
import { mean, standardDeviation } from 'simple-statistics';
import { resultPath } from '@/bench/results';
import { AttuneError } from '@/core/errors';
import { countWords } from '@/core/text/text';
import { startProduct } from '@/product/bring-up';
import { env } from '@/product/env';
import { castCrowd } from './archetypes';
import { type Api, createApi, signInAsGuest, signInByLink } from './client';
import { type HeldOutAnswer, inParallel, measure, type Tally, vote } from './crowd';
import { PREFERENCES } from './preferences';
import { splitPrompts } from './prompts';
import { measureSwaps, type SwapFigures } from './swap';

const { values: options } = parseArgs({
  options: {
    preference: { type: 'string', default: 'brief' },
    seed: { type: 'string', default: '1' },
    people: { type: 'string', default: '6' },
    crowd: { type: 'string', default: 'careful=1' }, // shares of archetypes, as careful=0.8,flip=0.2
    rounds: { type: 'string', default: '2' }, // votes on each prompt
    heldout: { type: 'string', default: '100' },
    noise: { type: 'string', default: '0.1' },
    'max-tokens': { type: 'string', default: '96' },
    preset: { type: 'string', default: 'demo-cpu' },
    config: { type: 'string', default: '{}' }, // JSON fields of the run that override the preset's
    out: { type: 'string', default: resultPath('simulate') },
    keep: { type: 'boolean', default: false }, // keep the simulation's database and versions
  },
});

const SAMPLES_PER_PROMPT = 2;
const WIDTH = 8;
const SWAP_STREAMS = 4;

async function main(): Promise<void> {
  const preference = PREFERENCES[options.preference];
  if (!preference)
    throw new AttuneError(
      'BAD_INPUT',
      `There is no preference "${options.preference}". Choose one of: ${Object.keys(PREFERENCES).join(', ')}.`,
    );
  const seed = Number(options.seed);
  const archetypes = castCrowd(options.crowd, Number(options.people));
  const { voted, heldOut } = splitPrompts(seed, Number(options.heldout));
  const dataFolder = join(env.dataFolder, `simulate-${options.preference}-${seed}`);
  await rm(dataFolder, { recursive: true, force: true });
  await mkdir(dataFolder, { recursive: true });
  const startedAt = performance.now();
  const log: string[] = [];
  const product = await startProduct({
    dataFolder,
    sharedFolder: env.dataFolder,
    port: 0,
    model: env.ATTUNE_MODEL,
    threads: env.ATTUNE_ENGINE_THREADS,
    write: (line) => log.push(line),
  });
  // When a signal ends this script, the product's processes must also end.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void product.stop().then(() => process.exit(130)));
  try {
    const admin = createApi(product.url, await signInByLink((await product.adminLink())!));
    const sampling = {
      temperature: 1,
      topK: 0,
      topP: 1,
      repetitionPenalty: 1,
      maxTokens: Number(options['max-tokens']),
    };
    await admin.admin.setSettings.mutate({ comparisonShare: 1, sampling });
    const people = await signIn(product.url, Number(options.people));

    const prompts = Array.from({ length: Number(options.rounds) }, () => voted).flat();
    const tally = await withBar('votes', prompts.length, (onVote) =>
      vote({ people, archetypes, prompts, preference, noise: Number(options.noise), seed, width: WIDTH, onVote }),
    );
    for (const [name, choices] of Object.entries(tally)) {
      const counts = Object.entries(choices).map(([choice, n]) => `${choice} ${n}`);
      console.log(`  ${name.padEnd(12)} ${counts.join(', ')}`);
    }

    await admin.admin.setSettings.mutate({ comparisonShare: 0 });
    const asked = Array.from({ length: SAMPLES_PER_PROMPT }, () => heldOut).flat();
    const sample = (title: string) =>
      withBar(title, asked.length, (onAnswer) => measure(people, asked, preference, WIDTH, onAnswer));
    const before = await sample('before');

    const run = await train(admin, options.preset, seed);
    let swap: SwapFigures | null = null;
    if (run.resultVersionId && run.status === 'done') {
      const versionId = run.resultVersionId;
      const promote = async () => void (await admin.admin.promote.mutate({ versionId }));
      const rollBack = async () => void (await admin.admin.rollback.mutate());
      swap = await measureSwaps(people, SWAP_STREAMS, [promote, rollBack, promote]);
    }
    const after = await sample('after');
    const minutes = (performance.now() - startedAt) / 60_000;
    const versions = await admin.admin.versions.query();
    const kl =
      versions.find(({ id }) => id === run.resultVersionId)?.gates.find(({ name }) => name === 'kl_budget')?.value ??
      null;
    await report({ before, after, swap, minutes, klPerSequence: kl, run, tally, seed });
  } catch (error) {
    console.error(log.slice(-40).join('\n'));
    throw error;
  } finally {
    await writeFile(join(dataFolder, 'product.log'), `${log.join('\n')}\n`);
    await product.stop();
    if (!options.keep) await rm(join(dataFolder, 'postgres'), { recursive: true, force: true });
  }
}

async function signIn(url: string, count: number): Promise<Api[]> {
  return withBar('people', count, async (onPerson) => {
    let done = 0;
    return inParallel(Array.from({ length: count }), 1, async () => {
      const api = createApi(url, await signInAsGuest(url));
      onPerson(++done);
      return api;
    });
  });
}

/** Starts a run as the admin's button does and follows it to its end. */
async function train(admin: Api, preset: string, seed: number) {
  const { id } = await admin.admin.startRun.mutate({ config: { preset, seed, ...JSON.parse(options.config) } });
  return withBar('training', 100, async (onProgress, bar) => {
    for (;;) {
      const run = await admin.admin.run.query({ id });
      bar?.update({
        detail: `${run.stage ?? run.status} ${run.secondsLeft ? `${Math.round(run.secondsLeft)} s left` : ''}`,
      });
      onProgress(Math.round(100 * run.progress));
      if (!['queued', 'running'].includes(run.status)) {
        if (run.status === 'failed' || run.status === 'cancelled')
          throw new AttuneError('INTERNAL', `The run ended as ${run.status}: ${run.verdict}`);
        return run;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  });
}

async function withBar<T>(
  title: string,
  total: number,
  work: (done: (n: number) => void, bar?: SingleBar) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const bar = process.stdout.isTTY
    ? new SingleBar({
        format: `  ${title.padEnd(12)} {bar} {value}/{total} {detail}`,
        hideCursor: true,
        clearOnComplete: true,
      })
    : undefined;
  bar?.start(total, 0, { detail: '' });
  try {
    return await work((done) => bar?.update(done), bar);
  } finally {
    bar?.stop();
    console.log(`  ${title.padEnd(12)} ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
}

const summarise = (values: number[]) => ({ mean: mean(values), sd: standardDeviation(values), n: values.length });

interface Outcome {
  before: HeldOutAnswer[];
  after: HeldOutAnswer[];
  swap: SwapFigures | null;
  minutes: number;
  klPerSequence: number | null;
  run: { status: string; verdict: string | null };
  tally: Tally;
  seed: number;
}

async function report({ before, after, swap, minutes, klPerSequence, run, tally, seed }: Outcome): Promise<void> {
  const scores = {
    before: summarise(before.map(({ score }) => score)),
    after: summarise(after.map(({ score }) => score)),
  };
  const result = {
    preference: options.preference,
    seed,
    crowd: options.crowd,
    votes: tally,
    run: { status: run.status, verdict: run.verdict },
    hiddenScore: scores,
    klPerSequence,
    meanTokens: { before: mean(before.map(({ tokens }) => tokens)), after: mean(after.map(({ tokens }) => tokens)) },
    endedShare: {
      before: mean(before.map(({ ended }) => Number(ended))),
      after: mean(after.map(({ ended }) => Number(ended))),
    },
    /** Answers of one or two words. */
    shortShare: mean(after.map(({ text }) => Number(countWords(text) <= 2))),
    /** The share of different texts among all answers after training. */
    distinctShare: new Set(after.map(({ text }) => text.trim())).size / after.length,
    versions: {
      before: [...new Set(before.map(({ versionId }) => versionId))],
      after: [...new Set(after.map(({ versionId }) => versionId))],
    },
    swap,
    minutes,
    examples: after.slice(0, 12).map(({ prompt, text, score }) => ({ prompt, text, score })),
  };
  await mkdir(join(options.out, '..'), { recursive: true });
  await writeFile(options.out, `${JSON.stringify(result, null, 2)}\n`);
  const gain = scores.after.mean - scores.before.mean;
  console.log(`
${pc.bold(`  preference "${options.preference}", seed ${seed}, ${minutes.toFixed(1)} minutes: the run ended as ${run.status}`)}
  hidden score   ${scores.before.mean.toFixed(3)} (sd ${scores.before.sd.toFixed(3)}) -> ${scores.after.mean.toFixed(3)} (sd ${scores.after.sd.toFixed(3)})   ${gain >= 0 ? '+' : ''}${gain.toFixed(3)} over ${after.length} answers
  KL             ${klPerSequence?.toFixed(2) ?? 'not measured'} nats per sequence
  tokens         ${result.meanTokens.before.toFixed(1)} -> ${result.meanTokens.after.toFixed(1)};  ended by itself ${pct(result.endedShare.before)} -> ${pct(result.endedShare.after)}
  one or two words ${pct(result.shortShare)};  distinct ${pct(result.distinctShare)}
  version        ${result.versions.before.join(', ')} -> ${result.versions.after.join(', ')}
  swap           ${swap ? `${swap.swaps} under ${swap.streams} streams, ${swap.errors} errors, ${swap.changed} changed; longest pause ${swap.longestGapQuiet} ms quiet (${swap.gapsQuiet.join(', ')}), ${swap.longestGapSwap} ms across a swap (${swap.gapsSwap.join(', ')})` : 'none: the version was not accepted'}
  ${run.verdict ?? ''}
  written to ${options.out}`);
}

const pct = (share: number) => `${(100 * share).toFixed(1)} %`;

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(pc.red('The simulation failed:'), error instanceof AttuneError ? error.message : error);
    process.exit(1);
  },
);
