// What AI labels are worth: 500 labels of a judge that knows a hidden preference behind noise, beside 500 human ones.
//
// The pairs are HH-harmless dev; the hidden preference is the linear reward that people's choices fit. A simulated person
// prefers A with probability sigmoid(lead), so is right on 85 % of the pairs. The judge is an OpenAI-compatible endpoint
// over HTTP whose log-odds are the lead plus as much noise, the same in both orders, plus a leaning to what it reads
// first; the product's own client asks it in both orders, under its budget and its rate. A linear reward model over kept
// features learns from each; gain is accuracy on held-out pairs above a half.
import { mkdirSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findSharedData } from '@/bench/experiments/support/shared-data';
import { hiddenPreference } from '@/bench/raters/kinds';
import { foldOf, type JudgedPair, loadJudgedPairs } from '@/bench/raters/pairs';
import { accuracyOf, crossFit, dot, fitProbe, type PairVotes } from '@/bench/raters/probe';
import { FIRST_PRINCIPLES, principlesFor } from '@/core/judging/constitution';
import { sideOf } from '@/core/judging/verdict';
import { Hosts } from '@/core/network/hosts';
import { hash32, Rng } from '@/core/rng';
import { createSecretBox } from '@/core/secret-box';
import { bootstrapInterval } from '@/core/statistics/bootstrap';
import { closeDatabase, getDatabase } from '@/db/client';
import { startEmbeddedPostgres } from '@/db/embedded/start';
import { migrateDatabase } from '@/db/migrate';
import * as schema from '@/db/schema';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { createOutgoing } from '@/server/http/outgoing';
import { createEndpointReader } from '@/server/services/judge/endpoint';
import { compareBothOrders, type JudgeReader } from '@/server/services/judge/reader';
import { startJudgeEndpoint } from '@/test/judge-endpoint';
import { sigmoid } from '@/trainer/math/loss/score';

const LABELS = 500;
const FOLDS = 5;
const SEEDS = 3;
/** Logits that the judge adds for what it reads first. */
const PLACE_LEANING = 0.5;
const NO_LIMIT = { budget: 1, mostCalls: 1_000_000, requestsPerMinute: 60_000, timeoutSeconds: 60 };

interface Cell {
  human: number;
  judge: number;
}

/** Null where the data set hh-harmless is not on this machine. */
export async function measureRlaif() {
  const folder = findSharedData('hh-harmless', env.ATTUNE_SHARED);
  if (!folder) return null;
  const work = path.join(env.dataFolder, 'experiments');
  mkdirSync(work, { recursive: true });
  const pairs = await loadJudgedPairs(folder, work);
  const hidden = hiddenPreference(pairs);
  const leads = pairs.map(({ features }) => dot(features, hidden));
  const folds = foldOf(pairs, FOLDS);
  const cells: Cell[] = [];
  const sides: { isRight: boolean | null }[] = [];
  for (let seed = 0; seed < SEEDS; seed++) {
    const labels = await labelAll(pairs, leads, seed);
    sides.push(...labels.map((side, at) => ({ isRight: side === 0 ? null : side > 0 === leads[at]! > 0 })));
    for (let fold = 0; fold < FOLDS; fold++) {
      const rng = new Rng(hash32(seed, fold + 500));
      const places = [...pairs.keys()];
      const train = rng.shuffle(places.filter((place) => folds[place] !== fold)).slice(0, LABELS);
      const test = places.filter((place) => folds[place] === fold);
      const accuracy = (votes: PairVotes[]) => {
        const { precision } = crossFit(pairs, votes, seed);
        const solution = fitProbe(pairs, votes, precision);
        const right = test.map((place) => ({ place, isA: leads[place]! > 0 }));
        const truth = new Map(right.map(({ place, isA }) => [pairs[place]!, isA]));
        return accuracyOf(pairs, test, solution, (pair) => truth.get(pair)!);
      };
      const human = accuracy(train.map((pair) => voteOf(pair, rng.uniform() < sigmoid(leads[pair]!) ? 1 : -1)));
      const judge = accuracy(train.map((pair) => voteOf(pair, labels[pair]!)));
      cells.push({ human, judge });
      console.log(`seed ${seed}, fold ${fold}: people ${human.toFixed(3)}, judge ${judge.toFixed(3)}`);
    }
  }
  const gain = (of: 'human' | 'judge', some: readonly Cell[]) =>
    some.reduce((sum, cell) => sum + cell[of] - 0.5, 0) / some.length;
  const shareOf = (some: readonly Cell[]) => gain('judge', some) / gain('human', some);
  const decided = sides.filter(({ isRight }) => isRight !== null);
  return {
    rlaifShare: shareOf(cells),
    interval: bootstrapInterval(cells, shareOf, new Rng(1)),
    humanGain: gain('human', cells),
    judgeGain: gain('judge', cells),
    judgeRight: decided.filter(({ isRight }) => isRight).length / decided.length,
    judgeTies: 1 - decided.length / sides.length,
    ...{ labels: LABELS, pairs: pairs.length, folds: FOLDS, seeds: SEEDS, placeLeaning: PLACE_LEANING, cells },
  };
}

const voteOf = (pair: number, side: -1 | 0 | 1): PairVotes => ({ pair, a: (1 + side) / 2, b: (1 - side) / 2 });

/** 1 for side A, -1 for B, 0 for a tie, as the product would label. */
async function labelAll(pairs: readonly JudgedPair[], leads: readonly number[], seed: number) {
  const { base } = await loadChosenBase();
  const rng = new Rng(hash32(seed, 77));
  const texts = pairs.map(({ comparison: { promptIds, chosenIds, rejectedIds }, truth }) => {
    const [chosen, rejected] = [chosenIds, rejectedIds].map((ids) => base.tokenizer.decode([...ids]).trim());
    const [left, right] = truth === 1 ? [chosen!, rejected!] : [rejected!, chosen!];
    return { prompt: base.tokenizer.decode([...promptIds]), left, right };
  });
  const odds = new Map<string, number>();
  for (const [at, { left, right }] of texts.entries()) {
    const u = rng.uniform();
    // The logistic noise that a person's choice has.
    const noisy = leads[at]! + Math.log(u / (1 - u));
    odds.set(`${left}\0${right}`, noisy);
    odds.set(`${right}\0${left}`, -noisy);
  }
  const compare = (first: string, second: string) => PLACE_LEANING + odds.get(`${first}\0${second}`)!;
  const principles = principlesFor(FIRST_PRINCIPLES, 'comparison');
  const { signal } = new AbortController();
  return withReader(compare, async (reader) => {
    const labels: (-1 | 0 | 1)[] = [];
    for (const { prompt, left, right } of texts) {
      const dialogue = [{ role: 'user' as const, content: prompt }];
      const orders = await compareBothOrders(reader, principles, { dialogue, left, right }, signal);
      if (!orders) throw new Error('The endpoint of the test gave no verdict.');
      labels.push(sideOf(orders));
    }
    return labels;
  });
}

/** The product's client of an endpoint on a database of its own. */
async function withReader<T>(
  compare: (first: string, second: string) => number,
  work: (reader: JudgeReader) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'attune-rlaif-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ directory: path.join(folder, 'data') });
  const endpoint = await startJudgeEndpoint({ compare });
  try {
    await migrateDatabase(server.url);
    const db = getDatabase(server.url);
    await db.insert(schema.user).values({ id: 'judge', name: 'judge', email: 'judge@bench.test' });
    const [row] = await db
      .insert(schema.judge)
      .values({
        ...{ userId: 'judge', kind: 'endpoint', model: 'm', labels: ['comparison'], url: endpoint.url },
        ...NO_LIMIT,
      })
      .returning();
    const outgoing = createOutgoing({ privateHosts: Hosts.parse('127.0.0.1') });
    const secrets = createSecretBox('a secret for the bench alone', 'bench');
    return await work(createEndpointReader({ db, outgoing, secrets, random: Math.random }, row!));
  } finally {
    endpoint.close();
    await closeDatabase(server.url);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
