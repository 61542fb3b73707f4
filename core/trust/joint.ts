// Estimates trust together with the model that the votes train: each round, the votes that are believed teach the model,
// and what it predicts about items that it has not seen says who can be believed.
//
// Raykar et al. 2010, "Learning from crowds", with cross-fitted predictions so that no vote vouches for itself.
import { findCollusions } from './collusion';
import { type Estimate, type EstimateInput, estimateTrust } from './estimate';
import { itemKey, type Judgement } from './judgement';
import { weightOf } from './weight';

export interface JointInput extends Omit<EstimateInput, 'beliefs' | 'collusions'> {
  /**
   * Trains on judgements with these weights (below 0: turned over) and predicts every item by a model that has not seen
   * its votes: log odds of side A, by item key. Null estimates trust from the votes alone.
   */
  crossFit: ((weights: Float64Array) => Promise<ReadonlyMap<string, number>>) | null;
  /** Times that the model is trained. */
  rounds: number;
}

export interface Trust {
  judgements: readonly Judgement[];
  estimate: Estimate;
  /** The voter that raters who act together are taken for, by rater. */
  collusions: ReadonlyMap<string, string>;
  /** By judgement, -1 to 1. */
  weights: Float64Array;
}

export async function estimateJointly({ crossFit, rounds, ...input }: JointInput): Promise<Trust> {
  let trust = estimateWithCollusions(input);
  for (let round = 0; crossFit && round < rounds; round++) {
    const beliefs = await crossFit(trust.weights);
    trust = estimateWithCollusions({ ...input, beliefs });
  }
  return trust;
}

function estimateWithCollusions(input: Omit<EstimateInput, 'collusions'>): Trust {
  const { judgements } = input;
  const alone = estimateTrust(input);
  const collusions = new Map(
    findCollusions(judgements, alone).flatMap(({ raters }, i) =>
      raters.map((rater) => [rater, `group ${i + 1}`] as const),
    ),
  );
  const estimate = collusions.size ? estimateTrust({ ...input, collusions }) : alone;
  return { judgements, estimate, collusions, weights: voteWeights(judgements, estimate) };
}

/** A voter's weight is shared by the votes that the voter has on one item: repeats, or those of raters who act together. */
export function voteWeights(judgements: readonly Judgement[], estimate: Estimate): Float64Array {
  const weights = new Float64Array(judgements.length);
  for (const account of estimate.accounts) {
    const weight = weightOf(account, estimate);
    const counts = new Map<string, number>();
    const keyAt = (place: number) => itemKey(judgements[place]!);
    for (const place of account.places) counts.set(keyAt(place), (counts.get(keyAt(place)) ?? 0) + 1);
    for (const place of account.places) weights[place] = weight / counts.get(keyAt(place))!;
  }
  return weights;
}
