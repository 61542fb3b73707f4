// The ways of voting that a rater is compared with: a reliability, mixed with at most one habit.
//
// With probability `pull` a vote follows the habit, and otherwise it is right with probability `reliability`. Dawid and
// Skene 1979 for votes as noisy readings of a hidden label; the habits keep "always the first answer" apart from noise.
import type { Judgement, Lean } from './judgement';

export type Habit = 'first' | 'second' | 'longer' | 'shorter' | 'up' | 'down' | 'source';

export interface Behaviour {
  reliability: number;
  habit: Habit | null;
  /** Share of the votes that follow the habit. */
  pull: number;
  /** Probability before any evidence. */
  prior: number;
  /** How much a vote says about the truth: (1 - pull) (2 reliability - 1), from -1 (always the opposite) to 1. */
  signal: number;
}

/** Prior of each reliability without a habit: most people mean it, a few vote blindly, fewer invert. */
const RELIABILITIES = [
  [0.03, 0.005],
  [0.1, 0.01],
  [0.2, 0.01],
  [0.3, 0.01],
  [0.4, 0.01],
  [0.5, 0.04],
  [0.6, 0.065],
  [0.7, 0.15],
  [0.8, 0.25],
  [0.9, 0.25],
  [0.97, 0.1],
] as const;
/** Prior of all habits together. */
const HABITUAL = 0.1;
const HABITS: readonly Habit[] = ['first', 'second', 'longer', 'shorter', 'up', 'down', 'source'];
const PULLS = [0.35, 0.7, 0.95] as const;
/** A weak pull towards one version is how everyone votes if it is better. */
const SOURCE_PULLS = [0.7, 0.95] as const;
const RELIABILITIES_BESIDE_HABIT = [0.5, 0.7, 0.9] as const;

/** All of them; the priors add up to 1. */
export const BEHAVIOURS: readonly Behaviour[] = normalised([
  ...RELIABILITIES.map(([reliability, prior]) => behaviour(reliability, null, 0, prior)),
  ...HABITS.flatMap((habit) => {
    const pulls = habit === 'source' ? SOURCE_PULLS : PULLS;
    const share = HABITUAL / (HABITS.length * pulls.length * RELIABILITIES_BESIDE_HABIT.length);
    return pulls.flatMap((pull) =>
      RELIABILITIES_BESIDE_HABIT.map((reliability) => behaviour(reliability, habit, pull, share)),
    );
  }),
]);

function behaviour(reliability: number, habit: Habit | null, pull: number, prior: number): Behaviour {
  return { reliability, habit, pull, prior, signal: (1 - pull) * (2 * reliability - 1) };
}

function normalised(all: readonly Behaviour[]): Behaviour[] {
  const whole = all.reduce((sum, { prior }) => sum + prior, 0);
  return all.map((own) => ({ ...own, prior: own.prior / whole }));
}

/** Whether it is a rater who means what they say: no habit, and right clearly more often than not. */
export const isHonest = ({ habit, reliability }: Behaviour): boolean => habit === null && reliability >= 0.6;

/** Which way a judgement leans by habit; `source` is what its rater may serve. */
export function leanOf(judgement: Judgement, habit: Habit, source: string | null): Lean {
  const { first = 0, longer = 0, sources } = judgement;
  switch (habit) {
    case 'first':
      return first;
    case 'second':
      return opposite(first);
    case 'longer':
      return longer;
    case 'shorter':
      return opposite(longer);
    case 'up':
      return isPair(judgement) ? 0 : 1;
    case 'down':
      return isPair(judgement) ? 0 : -1;
    case 'source':
      if (source === null || !sources || sources[0] === sources[1]) return 0;
      return sources[0] === source ? 1 : sources[1] === source ? -1 : 0;
  }
}

const opposite = (lean: Lean): Lean => (lean === 0 ? 0 : lean === 1 ? -1 : 1);
const isPair = ({ first, longer, sources }: Judgement) => first !== undefined || longer !== undefined || sources;

/** By behaviour: p(label | the truth is side A), then p(label | it is side B). A tie says nothing. */
export type Likelihoods = Float64Array;

/**
 * Reads the likelihoods of judgements, which are the same for all that have the same label and leans. A hesitant label
 * counts as the power |2 label - 1| of a sure one.
 */
export function likelihoodReader(): (judgement: Judgement, source: string | null) => Likelihoods {
  const known = new Map<string, Likelihoods>();
  return (judgement, source) => {
    const leans = HABITS.map((habit) => leanOf(judgement, habit, source));
    const key = `${judgement.label} ${leans}`;
    const found = known.get(key);
    if (found) return found;
    const made = likelihoodsOf(judgement.label, new Map(HABITS.map((habit, i) => [habit, leans[i]!])));
    known.set(key, made);
    return made;
  };
}

function likelihoodsOf(label: number, leans: ReadonlyMap<Habit, Lean>): Likelihoods {
  const table = new Float64Array(2 * BEHAVIOURS.length).fill(1);
  const strength = Math.abs(2 * label - 1);
  if (strength === 0) return table;
  const side = label > 0.5 ? 1 : -1;
  for (const [b, { reliability, habit, pull }] of BEHAVIOURS.entries()) {
    const lean = habit ? leans.get(habit)! : 0;
    const share = lean === 0 ? 0 : pull;
    const follows = lean === side ? share : 0;
    const right = (follows + (1 - share) * reliability) ** strength;
    const wrong = (follows + (1 - share) * (1 - reliability)) ** strength;
    table[2 * b] = side === 1 ? right : wrong;
    table[2 * b + 1] = side === 1 ? wrong : right;
  }
  return table;
}
