// Chooses the five figures by which a run is read first, and says between which values each is normal.
import type { Curve, StageCurves } from './curves';

export const HEADLINES = ['reward', 'kl', 'length', 'accuracy', 'entropy'] as const;
export type HeadlineName = (typeof HEADLINES)[number];

export interface Band {
  low: number | null;
  high: number | null;
}

export interface Headline {
  name: HeadlineName;
  stage: string;
  curve: Curve;
  band: Band;
  /** Pairs on which an accuracy rests. */
  n: number | null;
}

/** Algorithms that sample report the first, those that learn from stored preferences the second. */
const SOURCES: Record<HeadlineName, readonly (readonly [stage: string, name: string])[]> = {
  reward: [
    ['ppo', 'objective/scores'],
    ['ppo', 'rewards/margins'],
  ],
  kl: [
    ['ppo', 'objective/kl'],
    ['ppo', 'kl/reference_to_policy'],
  ],
  length: [['ppo', 'response_length/mean']],
  accuracy: [
    ['reward_model', 'eval_accuracy'],
    ['ppo', 'eval_accuracy'],
    ['reward_model', 'accuracy'],
  ],
  entropy: [
    ['ppo', 'policy/entropy_avg'],
    ['ppo', 'objective/entropy'],
  ],
};

/** Figures that the run did not measure are left out. */
export function headlinesOf(stages: readonly StageCurves[], klBudget: number | null): Headline[] {
  const find = (stage: string, name: string) => {
    const found = stages.find((one) => one.stage === stage);
    return [...(found?.main ?? []), ...(found?.others ?? [])].find((curve) => curve.name === name);
  };
  return HEADLINES.flatMap((name) => {
    for (const [stage, source] of SOURCES[name]) {
      const curve = find(stage, source);
      if (!curve) continue;
      const n = name === 'accuracy' ? (find(stage, 'eval_examples')?.points.at(-1)?.value ?? null) : null;
      return [{ name, stage, curve, n, band: bandOf(name, curve, klBudget) }];
    }
    return [];
  });
}

/**
 * Rules of thumb and no gates. Half of the entropy at the start is where answers begin to repeat one another; an answer
 * that is twice or half as long as before has mostly learnt length; an accuracy under 0.55 is close to guessing.
 */
function bandOf(name: HeadlineName, { points }: Curve, klBudget: number | null): Band {
  const start = points[0]!.value;
  switch (name) {
    case 'reward':
      return { low: start, high: null };
    case 'kl':
      return { low: null, high: klBudget };
    case 'length':
      return { low: start / 2, high: start * 2 };
    case 'accuracy':
      return { low: 0.55, high: null };
    case 'entropy':
      return { low: start / 2, high: null };
  }
}

/** Whether the newest value is in its band; a little below the start is no fall. */
export function isNormal({ curve: { points }, band: { low, high } }: Pick<Headline, 'curve' | 'band'>): boolean {
  const { value } = points.at(-1)!;
  const slack = 0.02 * Math.max(Math.abs(low ?? 0), Math.abs(value));
  return (low === null || value >= low - slack) && (high === null || value <= high + slack);
}
