// One turn of the loop: votes on the champion, a run that an admin starts, a promotion under load; hidden scores before and after.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pc from 'picocolors';
import { mean, standardDeviation } from 'simple-statistics';
import { AttuneError } from '@/core/errors';
import { countWords } from '@/core/text/text';
import { castCrowd } from './archetypes';
import type { Api } from './client';
import { type HeldOutAnswer, measure, plainSampling, type Tally, vote } from './crowd';
import type { HiddenPreference } from './preferences';
import { withBar } from './progress';
import { splitPrompts } from './prompts';
import { measureSwaps, type SwapFigures } from './swap';
import { withWorld } from './world';

const SAMPLES_PER_PROMPT = 2;
const WIDTH = 8;
const SWAP_STREAMS = 4;

export interface OneRunOptions {
  preferenceName: string;
  preference: HiddenPreference;
  seed: number;
  people: number;
  crowd: string;
  rounds: number;
  heldout: number;
  noise: number;
  maxTokens: number;
  config: Record<string, unknown>;
  out: string;
  keep: boolean;
}

export async function simulateOneRun(options: OneRunOptions): Promise<void> {
  const { preference, preferenceName, seed, noise, config } = options;
  const archetypes = castCrowd(options.crowd, options.people);
  const { voted, heldOut } = splitPrompts(seed, options.heldout);
  const startedAt = performance.now();
  const world = { name: `${preferenceName}-${seed}`, people: options.people, keep: options.keep };
  await withWorld(world, async ({ admin, people }) => {
    await admin.admin.setSettings.mutate({ comparisonShare: 1, sampling: plainSampling(options.maxTokens) });
    const prompts = Array.from({ length: options.rounds }, () => voted).flat();
    const tally = await withBar('votes', prompts.length, (onVote) =>
      vote({ people, archetypes, prompts, preference, noise, seed, width: WIDTH, onVote }),
    );
    for (const [name, choices] of Object.entries(tally)) {
      const counts = Object.entries(choices).map(([choice, n]) => `${choice} ${n}`);
      console.log(`  ${name.padEnd(12)} ${counts.join(', ')}`);
    }

    const asked = Array.from({ length: SAMPLES_PER_PROMPT }, () => heldOut).flat();
    const sample = (title: string) =>
      withBar(title, asked.length, (onAnswer) => measure(people, asked, preference, WIDTH, onAnswer));
    const before = await sample('before');

    const run = await train(admin, { seed, ...config });
    let swap: SwapFigures | null = null;
    if (run.resultVersionId && run.status === 'done') {
      const versionId = run.resultVersionId;
      const promote = async () => void (await admin.admin.promote.mutate({ versionId }));
      const rollBack = async () => void (await admin.admin.rollback.mutate());
      await admin.admin.setSettings.mutate({ comparisonShare: 0 });
      swap = await measureSwaps(people, SWAP_STREAMS, [promote, rollBack, promote]);
    }
    const after = await sample('after');
    const minutes = (performance.now() - startedAt) / 60_000;
    const trained = run.resultVersionId ? await admin.version.get.query({ id: run.resultVersionId }) : null;
    const kl = trained?.gates.find(({ name }) => name === 'kl_budget')?.value ?? null;
    await report({ before, after, swap, minutes, klPerSequence: kl, run, tally }, options);
  });
}

/** Starts a run as the admin's button does and follows it to its end. */
async function train(admin: Api, config: Record<string, unknown>) {
  const { id } = await admin.admin.startRun.mutate({ config });
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

export const summarise = (values: number[]) => ({
  mean: mean(values),
  sd: standardDeviation(values),
  n: values.length,
});

interface Outcome {
  before: HeldOutAnswer[];
  after: HeldOutAnswer[];
  swap: SwapFigures | null;
  minutes: number;
  klPerSequence: number | null;
  run: { status: string; verdict: string | null };
  tally: Tally;
}

async function report(outcome: Outcome, { preferenceName, seed, crowd, out }: OneRunOptions): Promise<void> {
  const { before, after, swap, minutes, klPerSequence, run, tally } = outcome;
  const scores = {
    before: summarise(before.map(({ score }) => score)),
    after: summarise(after.map(({ score }) => score)),
  };
  const result = {
    preference: preferenceName,
    seed,
    crowd,
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
  await mkdir(join(out, '..'), { recursive: true });
  await writeFile(out, `${JSON.stringify(result, null, 2)}\n`);
  const gain = scores.after.mean - scores.before.mean;
  console.log(`
${pc.bold(`  preference "${preferenceName}", seed ${seed}, ${minutes.toFixed(1)} minutes: the run ended as ${run.status}`)}
  hidden score   ${scores.before.mean.toFixed(3)} (sd ${scores.before.sd.toFixed(3)}) -> ${scores.after.mean.toFixed(3)} (sd ${scores.after.sd.toFixed(3)})   ${gain >= 0 ? '+' : ''}${gain.toFixed(3)} over ${after.length} answers
  KL             ${klPerSequence?.toFixed(2) ?? 'not measured'} nats per sequence
  tokens         ${result.meanTokens.before.toFixed(1)} -> ${result.meanTokens.after.toFixed(1)};  ended by itself ${pct(result.endedShare.before)} -> ${pct(result.endedShare.after)}
  one or two words ${pct(result.shortShare)};  distinct ${pct(result.distinctShare)}
  version        ${result.versions.before.join(', ')} -> ${result.versions.after.join(', ')}
  swap           ${swap ? `${swap.swaps} under ${swap.streams} streams, ${swap.errors} errors, ${swap.changed} changed; longest pause ${swap.longestGapQuiet} ms quiet (${swap.gapsQuiet.join(', ')}), ${swap.longestGapSwap} ms across a swap (${swap.gapsSwap.join(', ')})` : 'none: the version was not accepted'}
  ${run.verdict ?? ''}
  written to ${out}`);
}

const pct = (share: number) => `${(100 * share).toFixed(1)} %`;
