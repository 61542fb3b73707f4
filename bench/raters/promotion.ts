// Colluding votes aimed at one version: whether they change its place or its verdict, with and without trust.

import { hash32, Rng } from '@/core/rng';
import { wilsonInterval } from '@/core/statistics/statistics';
import { sigmoid } from '@/core/trust/items';
import { estimateJointly } from '@/core/trust/joint';
import type { Judgement } from '@/core/trust/judgement';

export const TRIES = 100;
const ACCOUNTS = [3, 5, 10];
const VERSIONS = ['champion', 'b', 'c', 'd', 'e'];
const HONEST_RATERS = 100;
const VOTES_EACH = 20;
/** Of all votes. */
const COLLUDING = 0.05;
/** Deviation of the versions' strengths, in logits: most of them are close. */
const SPREAD = 0.3;
/** Deviations of a person's own liking of a version, in logits: none, and as much as makes servants hard to tell. */
export const LIKINGS = [0, 0.7];

interface Decision {
  /** 0 is the version with the highest win rate. */
  place: number;
  verdict: 'promote' | 'reject' | 'wait';
}

interface Change {
  isPlaceChanged: boolean;
  isVerdictChanged: boolean;
}

export interface PromotionTry {
  attempt: number;
  liking: number;
  /** Among which the colluding votes are divided. */
  accounts: number;
  /** What colluding votes change about the target with trust, and without. */
  on: Change;
  off: Change;
  /** Mean weight of colluding and of honest votes. */
  weights: { colluders: number; honest: number };
  /** Honest raters who are taken for servants of a version. */
  mistaken: number;
}

export function summarisePromotions(tries: readonly PromotionTry[]) {
  const [alike, liking] = LIKINGS.map((deviation) => figuresOf(tries.filter((own) => own.liking === deviation)));
  return {
    promotionsChanged: alike!.changed,
    promotions: { colludingShare: COLLUDING, ...alike, ifPeopleDiffer: liking },
  };
}

function figuresOf(tries: readonly PromotionTry[]) {
  const count = (isHit: (own: PromotionTry) => boolean) => tries.filter(isHit).length;
  const isChanged = ({ isPlaceChanged, isVerdictChanged }: Change) => isPlaceChanged || isVerdictChanged;
  const average = (of: (own: PromotionTry) => number) => tries.reduce((sum, own) => sum + of(own), 0) / tries.length;
  return {
    tries: tries.length,
    changed: { on: count(({ on }) => isChanged(on)), off: count(({ off }) => isChanged(off)) },
    verdicts: { on: count(({ on }) => on.isVerdictChanged), off: count(({ off }) => off.isVerdictChanged) },
    places: { on: count(({ on }) => on.isPlaceChanged), off: count(({ off }) => off.isPlaceChanged) },
    weights: {
      colluders: average(({ weights }) => weights.colluders),
      honest: average(({ weights }) => weights.honest),
    },
    /** Honest raters in a thousand who are taken for servants of a version. */
    mistakenInThousand: average(({ mistaken }) => (1000 * mistaken) / HONEST_RATERS),
    byAccounts: ACCOUNTS.map((accounts) => ({
      accounts,
      on: count((own) => own.accounts === accounts && isChanged(own.on)),
      off: count((own) => own.accounts === accounts && isChanged(own.off)),
    })),
  };
}

/** Nobody judges the same item twice and no model helps: in a chat, everyone compares their own answers. */
export async function runTry({ attempt, liking }: { attempt: number; liking: number }): Promise<PromotionTry> {
  const rng = new Rng(hash32(2029, attempt));
  const strength = new Map(VERSIONS.map((version) => [version, SPREAD * rng.normal()]));
  const target = VERSIONS[1 + rng.integer(VERSIONS.length - 1)]!;
  const honest: Judgement[] = [];
  for (let rater = 0; rater < HONEST_RATERS; rater++) {
    const own = new Map(
      VERSIONS.map((version) => [version, strength.get(version)! + (liking && liking * rng.normal())]),
    );
    for (let i = 0; i < VOTES_EACH; i++) {
      const [a, b] = rng.shuffle(VERSIONS);
      const isA = rng.uniform() < sigmoid(own.get(a!)! - own.get(b!)!);
      honest.push(voteOf(`honest-${rater}`, honest.length, [a!, b!], isA, rng));
    }
  }
  const accounts = ACCOUNTS[attempt % ACCOUNTS.length]!;
  const colluding = Array.from({ length: Math.round((COLLUDING / (1 - COLLUDING)) * honest.length) }, (_, i) => {
    const other = rng.shuffle(VERSIONS.filter((version) => version !== target))[0]!;
    const isTargetA = rng.uniform() < 0.5;
    const sides: [string, string] = isTargetA ? [target, other] : [other, target];
    return voteOf(`colluder-${i % accounts}`, honest.length + i, sides, isTargetA, rng);
  });
  const both = [...honest, ...colluding];
  const [trustHonest, { weights: trustBoth, servants }] = [(await trustIn(honest)).weights, await trustIn(both)];
  const compare = (before: Decision, after: Decision) => ({
    isPlaceChanged: before.place !== after.place,
    isVerdictChanged: before.verdict !== after.verdict,
  });
  const ones = (votes: readonly Judgement[]) => votes.map(() => 1);
  const meanWeight = (name: string) => {
    const own = [...trustBoth].filter((_, i) => both[i]!.rater.startsWith(name));
    return own.reduce((a, b) => a + b, 0) / own.length;
  };
  return {
    attempt,
    liking,
    accounts,
    on: compare(decide(honest, trustHonest, target), decide(both, trustBoth, target)),
    off: compare(decide(honest, ones(honest), target), decide(both, ones(both), target)),
    weights: { colluders: meanWeight('colluder'), honest: meanWeight('honest') },
    mistaken: [...servants.keys()].filter((rater) => rater.startsWith('honest')).length,
  };
}

const trustIn = (judgements: Judgement[]) => estimateJointly({ judgements, crossFit: null, rounds: 0 });

const voteOf = (rater: string, item: number, sources: [string, string], isA: boolean, rng: Rng): Judgement => ({
  rater,
  kind: 'comparison',
  item: String(item),
  label: isA ? 1 : 0,
  first: rng.uniform() < 0.5 ? 1 : -1,
  longer: rng.uniform() < 0.5 ? 1 : -1,
  sources,
});

/** Place by win rate; promoted if Wilson's 95 % interval of the wins against the champion is above a half. */
function decide(votes: readonly Judgement[], weights: ArrayLike<number>, target: string): Decision {
  const rates = VERSIONS.map((version) => ({ version, rate: weightedWins(votes, weights, version, null).rate }));
  const place = rates.sort((a, b) => b.rate - a.rate).findIndex(({ version }) => version === target);
  const { low, high } = weightedWins(votes, weights, target, 'champion');
  return { place, verdict: low > 0.5 ? 'promote' : high < 0.5 ? 'reject' : 'wait' };
}

/** Wilson's interval at the effective number of votes, (sum of weights)^2 / sum of squares (Kish 1965). */
function weightedWins(
  votes: readonly Judgement[],
  weights: ArrayLike<number>,
  version: string,
  against: string | null,
) {
  let [wins, sum, squares] = [0, 0, 0];
  for (const [i, { label, sources }] of votes.entries()) {
    const side = sources!.indexOf(version);
    if (side < 0 || (against !== null && sources![1 - side] !== against)) continue;
    const weight = Math.abs(weights[i]!);
    const isWin = (label > 0.5 === (side === 0)) === weights[i]! >= 0;
    wins += isWin ? weight : 0;
    sum += weight;
    squares += weight ** 2;
  }
  const rate = sum === 0 ? 0 : wins / sum;
  const trials = squares === 0 ? 0 : sum ** 2 / squares;
  return { rate, ...wilsonInterval(rate * trials, trials) };
}
