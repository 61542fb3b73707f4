// What an estimate of trust consists of, and the model that helps with it.
import type { Estimate } from './estimate';
import type { Judgement } from './judgement';

/**
 * Trains on judgements with these weights (below 0: turned over) and predicts every item by a model that has not seen its
 * votes: log odds of side A, by item key.
 */
export type CrossFit = (weights: Float64Array) => Promise<ReadonlyMap<string, number>>;

export interface Trust {
  judgements: readonly Judgement[];
  estimate: Estimate;
  /** The voter that raters who act together are taken for, by rater. */
  collusions: ReadonlyMap<string, string>;
  /** The taste that a rater shares with others who differ from the crowd, by rater. */
  tastes: ReadonlyMap<string, string>;
  /** The source that an account always votes for, by rater; such accounts are not believed at all. */
  servants: ReadonlyMap<string, string>;
  /** By judgement, -1 to 1. */
  weights: Float64Array;
}
