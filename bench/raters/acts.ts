// One act of each kind by a careful simulated rater, whose perception of an answer is its reward plus logistic noise.
//
// The noise is the one that each kind's likelihood assumes (Gumbel for an answer among others, so that differences are
// logistic), and it is the same size for all kinds: what differs is what an act asks and how much of it is written down.
import { qualityOf, type ScoredQuestion } from '@/core/feedback/quality';
import type { Rng } from '@/core/rng';
import type { Signal } from '@/trainer/math/loss/implicit';
import { sigmoid } from '@/trainer/math/loss/score';
import type { RewardExample } from '@/trainer/math/reward-examples';

export const ACT_KINDS = [
  'thumb',
  'comparison',
  'comparison with strength',
  'best of 4',
  'ranking of 4',
  'rating 1-10',
  'questionnaire',
  'flaws',
  'correction',
  'implicit',
] as const;
export type ActKind = (typeof ACT_KINDS)[number];

export interface Answer {
  features: Float32Array;
  reward: number;
}

export interface Act {
  example: RewardExample;
  /** The completions of the example, in order. */
  answers: Answer[];
}

/** Points of the scale for each logit: few ratings are at the ends. */
const POINTS = 0.75;
const SCALES: readonly ScoredQuestion[] = ['a', 'b', 'c', 'd'].map((id) => ({
  id,
  kind: 'scale',
  weight: 1,
  steps: 5,
}));
/** Two of the product's flaws: what is perceived below this has them. */
const FLAWS = [
  { id: 'unhelpful', weight: 0.4, below: -1 },
  { id: 'incorrect', weight: 0.5, below: -3 },
] as const;
/** Perceived leads, in logits, from which an answer is slightly, somewhat and much better, with the product's margins. */
const STRENGTHS = [
  { from: 3, margin: 1 },
  { from: 1.5, margin: 2 / 3 },
  { from: 0.5, margin: 1 / 3 },
] as const;
/** How much likelier a logit of reward makes each signal, and the log odds of the signal at a reward of 0. */
const SIGNALS: Record<Signal, { slope: number; level: number }> = {
  copied: { slope: 0.5, level: -2 },
  regenerated: { slope: -0.5, level: -2 },
  abandoned: { slope: -0.25, level: -2 },
  read: { slope: 0.25, level: 0 },
};
/** Answers that come to a writer's mind. */
const VARIANTS = 4;

export function actOf(kind: ActKind, index: number, draw: () => Answer, rng: Rng): Act {
  const judged = { promptIds: Int32Array.of(index), weight: 1, rater: 'rater' };
  const ids = (place: number) => Int32Array.of(place);
  const logistic = () => logitOf(rng.uniform());
  const gumbel = () => -Math.log(-Math.log(inside(rng.uniform())));
  const several = (count: number) => Array.from({ length: count }, draw);
  const perceived = (answers: readonly Answer[]) => answers.map(({ reward }) => reward + gumbel());
  const one = (exampleOf: (utility: number) => RewardExample): Act => {
    const answer = draw();
    return { example: exampleOf(answer.reward + logistic()), answers: [answer] };
  };
  const pair = (winner: Answer, loser: Answer, margin: number, outcome: 'chosen' | 'tie' = 'chosen'): Act => ({
    example: { kind: 'comparison', ...judged, chosenIds: ids(0), rejectedIds: ids(1), outcome, margin },
    answers: [winner, loser],
  });
  const alone = { ...judged, completionIds: ids(0) };
  switch (kind) {
    case 'thumb':
      return one((utility) => ({ kind: 'thumb', ...alone, up: utility > 0 }));
    case 'comparison':
    case 'comparison with strength': {
      const [a, b] = several(2) as [Answer, Answer];
      const [u, v] = perceived([a, b]) as [number, number];
      const [winner, loser] = u > v ? [a, b] : [b, a];
      if (kind === 'comparison') return pair(winner, loser, 0);
      const step = STRENGTHS.find(({ from }) => Math.abs(u - v) >= from);
      return step ? pair(winner, loser, step.margin) : pair(winner, loser, 0, 'tie');
    }
    case 'best of 4':
    case 'ranking of 4': {
      const shown = several(4);
      const utilities = perceived(shown);
      const order = [...utilities].sort((a, b) => b - a);
      const completions = shown.map((_, place) => ids(place));
      if (kind === 'best of 4') {
        const best = utilities.indexOf(order[0]!);
        return { example: { kind: 'best_of', ...judged, completions, best }, answers: shown };
      }
      const ranks = utilities.map((utility) => order.indexOf(utility));
      return { example: { kind: 'ranking', ...judged, completions, ranks }, answers: shown };
    }
    case 'rating 1-10':
      return one((utility) => ({ kind: 'rating', ...alone, value: clamp(Math.round(5.5 + POINTS * utility), 1, 10) }));
    case 'questionnaire': {
      const answer = draw();
      const step = () => clamp(Math.round(3 + (POINTS * 4 * (answer.reward + logistic())) / 9), 1, 5);
      const quality = qualityOf(SCALES, Object.fromEntries(SCALES.map(({ id }) => [id, step()])))!;
      return { example: { kind: 'questionnaire', ...alone, quality, isVolunteered: false }, answers: [answer] };
    }
    case 'flaws':
      return one((utility) => {
        const questions = FLAWS.map(({ id, weight }) => ({ id, kind: 'flaw' as const, weight }));
        const ticked = Object.fromEntries(FLAWS.map(({ id, below }) => [id, utility < below]));
        return { kind: 'questionnaire', ...alone, quality: qualityOf(questions, ticked)!, isVolunteered: true };
      });
    case 'correction':
      // People correct what they can improve on.
      for (;;) {
        const [original, ...variants] = several(1 + VARIANTS) as [Answer, ...Answer[]];
        const [own, ...others] = perceived([original, ...variants]) as [number, ...number[]];
        const corrected = variants[others.indexOf(Math.max(...others))]!;
        if (Math.max(...others) <= own) continue;
        const sides = { correctedIds: ids(0), originalIds: ids(1) };
        return { example: { kind: 'correction', ...judged, ...sides, margin: 0 }, answers: [corrected, original] };
      }
    case 'implicit': {
      const answer = draw();
      const signals = new Map(
        (Object.entries(SIGNALS) as [Signal, { slope: number; level: number }][]).map(([signal, { slope, level }]) => [
          signal,
          rng.uniform() < sigmoid(slope * answer.reward + level),
        ]),
      );
      return { example: { kind: 'implicit', ...alone, signals }, answers: [answer] };
    }
  }
}

const inside = (uniform: number) => Math.min(1 - 1e-12, Math.max(1e-12, uniform));
const logitOf = (uniform: number) => Math.log(inside(uniform) / (1 - inside(uniform)));
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
