// What is asked when tasks are chosen: the candidates, what the reward model knows, and what else matters.
import type { Posterior } from './posterior';

export interface TaskCandidate {
  /**
   * In the posterior's coordinates: for a comparison the features of one completion minus those of the other, for a
   * rating those of its completion. Null if they are not known; the item is then as informative as the average. [size]
   */
  features: Float64Array | null;
  /** The groups, languages and topics that it belongs to. */
  groups: readonly string[];
  /** Votes so far for the first and the second side (or up and down), each counted by the trust in its rater. */
  votes: readonly [first: number, second: number];
}

export interface TaskWeights {
  /** An item of a group without any votes weighs 1 + coverage times as much. */
  coverage: number;
  /** An item whose votes are evenly divided weighs 1 + disagreement times as much. */
  disagreement: number;
  /** Trust in the raters who will answer, 0 to 1: a vote is what its rater thinks with probability (1 + trust) / 2. */
  trust: number;
  /**
   * Variance, in squared logits, of what is peculiar to an item and its features do not explain: a second vote on one
   * item teaches less than a first vote on another.
   */
  itemVariance: number;
}

/** As in bench:tasks, whose figures are in docs/training.md. */
export const TASK_WEIGHTS: TaskWeights = { coverage: 1, disagreement: 1, trust: 1, itemVariance: 1 };

export interface TaskQuestion {
  candidates: readonly TaskCandidate[];
  posterior: Pick<Posterior, 'mean' | 'covariance'>;
  /** Wanted share of the votes by group; any other group should have its share of the candidates. */
  targetShares: ReadonlyMap<string, number>;
  /** Votes so far by group, and all of them: an item can be in several groups. */
  groupVotes: ReadonlyMap<string, number>;
  totalVotes: number;
  weights: TaskWeights;
  /** Most items to choose. */
  count: number;
}
