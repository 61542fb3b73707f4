// Estimates trust together with the model that the votes train: each round, the votes that are believed teach the model,
// and what it predicts about items that it has not seen says who can be believed.
//
// Raykar et al. 2010, "Learning from crowds", with cross-fitted predictions so that no vote vouches for itself.
import { findCollusions } from './collusion';
import { type Estimate, type EstimateInput, estimateTrust } from './estimate';
import { itemKey, type Judgement } from './judgement';
import { findServants } from './serving';
import { findTaste } from './taste';
import type { CrossFit, Trust } from './trust';
import { weightOf } from './weight';

export interface JointInput extends Omit<EstimateInput, 'beliefs' | 'collusions' | 'tastes'> {
  /** Null estimates trust from the votes alone. */
  crossFit: CrossFit | null;
  /** Times that the model is trained. */
  rounds: number;
}

export async function estimateJointly({ crossFit, rounds, ...given }: JointInput): Promise<Trust> {
  const servants = findServants(given.judgements, (rater) => given.priorTrust?.get(rater) === 0);
  const priorTrust = new Map([
    ...(given.priorTrust ?? []),
    ...[...servants.keys()].map((rater) => [rater, 0] as const),
  ]);
  const trust = await estimateWithModel({ ...given, priorTrust }, crossFit, rounds);
  return { ...trust, servants };
}

type Estimated = Omit<Trust, 'servants'>;

async function estimateWithModel(
  input: Omit<JointInput, 'crossFit' | 'rounds'>,
  crossFit: CrossFit | null,
  rounds: number,
): Promise<Estimated> {
  let trust = estimateWithCollusions(input);
  if (!crossFit) return trust;
  for (let round = 0; round < rounds; round++) {
    const beliefs = await crossFit(trust.weights);
    trust = estimateWithCollusions({ ...input, beliefs });
  }
  const { judgements } = input;
  const found = await findTaste({ ...input, collusions: trust.collusions }, trust, crossFit);
  return found ? { ...trust, ...found, weights: voteWeights(judgements, found.estimate) } : trust;
}

function estimateWithCollusions(input: Omit<EstimateInput, 'collusions'>): Estimated {
  const { judgements } = input;
  const alone = estimateTrust(input);
  const collusions = new Map(
    findCollusions(judgements, alone).flatMap(({ raters }, i) =>
      raters.map((rater) => [rater, `group ${i + 1}`] as const),
    ),
  );
  const estimate = collusions.size ? estimateTrust({ ...input, collusions }) : alone;
  return { judgements, estimate, collusions, tastes: new Map(), weights: voteWeights(judgements, estimate) };
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
