// Replays recorded preferences as two designs, thumbs in two arms and interleaved pairs, and counts the users that each needs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FOLDER, readRows } from '@/bench/crowd/sets';
import { groupBy } from '@/core/group-by';
import { Rng } from '@/core/rng';
import { differenceInterval, type Sample, shareLogEvidence } from '@/core/statistics/confidence-sequence';

const SET = join(DATA_FOLDER, 'pandalm-3raters', 'dev.jsonl.gz');
const REPLAYS = 101;
const MOST_USERS = 50_000;
const ALPHA = 0.05;
const FEWEST_IN_ARM = 10;

interface Row {
  cmp_key: string;
  instruction: string;
  input: string;
  annotator1: number;
  annotator2: number;
  annotator3: number;
}

/** One person's recorded choice between the answers of two models to one prompt; null is a tie. */
interface Vote {
  prompt: string;
  models: [string, string];
  winner: string | null;
}

/**
 * A user of the interleaved design sees both models' answers to a prompt and chooses: a recorded vote. A user of the A/B
 * design sees one model's answer, and likes it if a recorded vote prefers it to another model's answer to that prompt; a
 * coin settles ties. Both are read after each user, at the same alpha. Pairs of models of which a design does not find the
 * winner of the recorded votes in most of its replays are counted, and left out of the ratio.
 */
export async function measureInterleaved() {
  if (!existsSync(SET)) {
    console.warn(`${SET} is missing: without recorded votes there is nothing to replay.`);
    return { interleavedUsersRatio: null, interleaved: null };
  }
  const votes = readRows<Row>(SET).flatMap(votesOf);
  const pairs = [...groupBy(votes, ({ models }) => models.join(' '))].map(([, own]) => measurePair(own, votes));
  const both = pairs.filter((pair) => pair.interleaved !== null && pair.thumbs !== null);
  const ratios = both.map(({ interleaved, thumbs }) => interleaved! / thumbs!).sort((a, b) => a - b);
  return {
    interleavedUsersRatio: ratios[Math.floor(ratios.length / 2)]!,
    interleaved: { replays: REPLAYS, decidedByBoth: both.length, pairs },
  };
}

/** The file's codes: 1 and 2 name the better response, 0 is a tie. */
function votesOf({ cmp_key, instruction, input, annotator1, annotator2, annotator3 }: Row): Vote[] {
  const models = cmp_key.split('_') as [string, string];
  const prompt = `${instruction}\n${input}`;
  return [annotator1, annotator2, annotator3].map((code) => ({ prompt, models, winner: models[code - 1] ?? null }));
}

function measurePair(own: readonly Vote[], all: readonly Vote[]) {
  const [champion, candidate] = own[0]!.models;
  const wins = (model: string) => own.filter(({ winner }) => winner === model).length;
  const winRate = wins(candidate) / (wins(candidate) + wins(champion));
  const better = winRate > 0.5 ? candidate : champion;
  /** Against the models that take no part. */
  const alone = (model: string, other: string) =>
    all.filter(({ models }) => models.includes(model) && !models.includes(other));
  const arms = [alone(champion, candidate), alone(candidate, champion)] as const;
  const replays = Array.from({ length: REPLAYS }, (_, run) => ({
    interleaved: replayPairs(new Rng(100 + run), own, candidate),
    thumbs: replayThumbs(new Rng(900_000 + run), arms, [champion, candidate]),
  }));
  const usersOf = (design: 'interleaved' | 'thumbs') => {
    const right = replays.map((replay) => replay[design]).filter(({ winner }) => winner === (better === candidate));
    const users = right.map((replay) => replay.users).sort((a, b) => a - b);
    return users.length > REPLAYS / 2 ? users[Math.floor(users.length / 2)]! : null;
  };
  return { champion, candidate, winRate, interleaved: usersOf('interleaved'), thumbs: usersOf('thumbs') };
}

interface Replay {
  users: number;
  /** Whether the candidate is found to be the better one; null where nothing is found. */
  winner: boolean | null;
}

const draw = (rng: Rng, votes: readonly Vote[]) => votes[rng.integer(votes.length)]!;

function replayPairs(rng: Rng, votes: readonly Vote[], candidate: string): Replay {
  let [wins, decided] = [0, 0];
  for (let users = 1; users <= MOST_USERS; users++) {
    const { winner } = draw(rng, votes);
    if (winner === null) continue;
    decided++;
    if (winner === candidate) wins++;
    if (shareLogEvidence(wins, decided, 0.5) > Math.log(1 / ALPHA)) return { users, winner: wins > decided / 2 };
  }
  return { users: MOST_USERS, winner: null };
}

function replayThumbs(rng: Rng, arms: readonly [readonly Vote[], readonly Vote[]], models: [string, string]): Replay {
  const samples: [Sample, Sample] = [
    { mean: 0, variance: 0, n: 0 },
    { mean: 0, variance: 0, n: 0 },
  ];
  for (let users = 1; users <= MOST_USERS; users++) {
    const side = rng.uniform() < 0.5 ? 0 : 1;
    const { winner } = draw(rng, arms[side]);
    const up = winner === null ? rng.uniform() < 0.5 : winner === models[side];
    const { mean, n } = samples[side];
    const next = (mean * n + (up ? 1 : 0)) / (n + 1);
    samples[side] = { mean: next, variance: next * (1 - next), n: n + 1 };
    if (Math.min(samples[0].n, samples[1].n) < FEWEST_IN_ARM) continue;
    const { low, high } = differenceInterval(...samples, { alpha: ALPHA, tuning: 400 });
    if (low > 0 || high < 0) return { users, winner: low > 0 };
  }
  return { users: MOST_USERS, winner: null };
}
