// Decides before a run is queued whether there is feedback that it could learn from and be judged by.
import type { ConfigProblem, PipelineConfig } from '@/core/config/presets';
import { LEAST_HELD_OUT, LEAST_PROMPTS } from '@/core/snapshot/least';

/** Feedback that may train, as far as it can be counted without freezing it. */
export interface AtHand {
  /** Comparisons that are no tie, and ties. */
  decided: number;
  undecided: number;
  thumbs: number;
  /** Picks of one, rankings, ratings, questionnaires and corrections. */
  others: number;
  /** Demonstrations, and what imitation may take for one: corrections, ratings and thumbs up. */
  shown: number;
  /** Different prompts that were answered. */
  prompts: number;
  /** There is more than was counted, so nothing can be said to be missing. */
  isPartial: boolean;
}

/** A code, from which pages build the sentence in the reader's language, with the figures in it. */
export type Shortage =
  | { code: 'nothing_trained' }
  | { code: 'prompts'; have: number; missing: number; heldOut: number }
  | { code: 'votes'; missing: number }
  | { code: 'only_ties'; have: number; missing: number }
  | { code: 'comparisons'; algorithm: string; missing: number }
  | { code: 'demonstrations'; missing: number };

export type RunProblem = ConfigProblem & { shortage: Shortage | null };

/** Votes from which a reward model ranks clearly better than by length (bench/results/votes-friendly.json). */
export const ADVISED_VOTES = 200;

/** What is missing, each beside the setting that asks for it; the run itself counts exactly and checks again. */
export function shortagesOf(at: AtHand, { algorithm, sft }: Pick<PipelineConfig, 'algorithm' | 'sft'>): RunProblem[] {
  const votes = at.decided + at.undecided + at.thumbs + at.others;
  const found: [path: string, shortage: Shortage][] = [];
  if (at.isPartial) return [];
  if (algorithm === null && sft === null) found.push(['algorithm', { code: 'nothing_trained' }]);
  if (at.prompts < LEAST_PROMPTS) {
    const missing = LEAST_PROMPTS - at.prompts;
    found.push(['', { code: 'prompts', have: at.prompts, missing, heldOut: LEAST_HELD_OUT }]);
  }
  if (sft !== null && at.shown === 0) found.push(['sft', { code: 'demonstrations', missing: 1 }]);
  const compared = at.decided + at.undecided + at.others;
  if (votes > 0 && votes === at.undecided) found.push(['', { code: 'only_ties', have: votes, missing: 1 }]);
  else if (algorithm !== null && votes === 0) found.push(['', { code: 'votes', missing: 1 }]);
  else if ((algorithm === 'dpo' && compared === 0) || (algorithm === 'kto' && compared + at.thumbs === 0))
    found.push(['algorithm', { code: 'comparisons', algorithm, missing: 1 }]);
  return found.map(([path, shortage]) => ({ path, shortage, message: sayShortage(shortage) }));
}

/** For the API and the command line. */
function sayShortage(shortage: Shortage): string {
  switch (shortage.code) {
    case 'nothing_trained':
      return 'Nothing would be trained: choose an algorithm, or turn imitation on.';
    case 'prompts':
      return `There are ${shortage.have} prompts, and a run needs ${shortage.have + shortage.missing}, of which it holds out ${shortage.heldOut}: ${shortage.missing} more must be asked and answered.`;
    case 'votes':
      return 'There is no vote to learn from: collect comparisons, thumbs or ratings, or only imitate.';
    case 'only_ties':
      return `All ${shortage.have} votes are ties: at least 1 must prefer an answer.`;
    case 'comparisons':
      return `${shortage.algorithm} learns from comparisons, and there is none: collect at least 1, or choose another algorithm.`;
    case 'demonstrations':
      return 'There is no answer to imitate: write, correct or import at least 1, or turn imitation off.';
  }
}
