// Tells taste from noise: raters who differ from the crowd, but as one another and as a model can predict, are a group.
//
// A mixture of two labels for each item, fitted by hard expectation maximisation: each rater joins the side that explains
// their votes better. Noise has nothing to share, so its votes do not predict one another. Sabotage can be as consistent
// as a taste; only gold, which is a matter of fact, tells them apart, so without gold no taste is reported.
import { BEHAVIOURS, likelihoodReader } from './behaviours';
import { logChoices } from './collusion';
import { type Estimate, type EstimateInput, estimateTrust, softmax } from './estimate';
import { accountEvidence, tasteKey } from './items';
import { itemKey, type Judgement } from './judgement';
import type { CrossFit, Trust } from './trust';
import { weightOf } from './weight';

const NAME = 'taste 1';
/** Raters below this weight may be a taste. */
const DOUBTED = 0.9;
const LEAST_VOTES = 8;
const LEAST_MEMBERS = 3;
const MOST_ROUNDS = 4;
/** Weight of the other side's votes in a side's model: tastes have much in common. */
const SHARED = 0.25;
/** Largest chance, by the Bayes factor, that what looks like a taste is none. */
const FALSE_REPORTS = 0.01;
/** How much less often than the crowd saboteurs answer gold rightly. */
const GOLD_GAP = 0.25;

/** Null if nobody shares a taste. */
export async function findTaste(
  input: Omit<EstimateInput, 'beliefs' | 'tastes'>,
  trust: Pick<Trust, 'estimate' | 'collusions' | 'weights'>,
  crossFit: CrossFit,
): Promise<{ tastes: Map<string, string>; estimate: Estimate } | null> {
  const { judgements } = input;
  if (!judgements.some(({ truth }) => truth !== undefined)) return null;
  const eligible = trust.estimate.accounts.filter(
    ({ voter, places, behaviours }) =>
      ![...trust.collusions.values()].includes(voter) &&
      places.length >= LEAST_VOTES &&
      habitShare(behaviours) < 0.5 &&
      meanSignal(behaviours) > 0,
  );
  let members = new Set(
    eligible.filter((account) => weightOf(account, trust.estimate) < DOUBTED).map(({ voter }) => voter),
  );
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (members.size < LEAST_MEMBERS || members.size > eligible.length / 2) return null;
    const tastes = new Map([...members].map((voter) => [voter, NAME]));
    const beliefs = await beliefsOfBoth(judgements, trust.weights, members, crossFit);
    const estimate = estimateTrust({ ...input, beliefs, tastes });
    const gains = new Map(
      eligible.map(({ voter, places }) => [voter, gainOf(judgements, estimate, beliefs, places, members.has(voter))]),
    );
    const next = new Set([...gains].filter(([, gain]) => gain > 0).map(([voter]) => voter));
    const isSettled = next.size === members.size && [...next].every((voter) => members.has(voter));
    members = next;
    if (!isSettled && round < MOST_ROUNDS - 1) continue;
    const evidence = [...members].reduce((sum, voter) => sum + gains.get(voter)!, 0);
    const isReal = evidence > logChoices(eligible.length, members.size) - Math.log(FALSE_REPORTS);
    return isReal && knowsGold(judgements, members) ? { tastes, estimate } : null;
  }
  return null;
}

async function beliefsOfBoth(
  judgements: readonly Judgement[],
  weights: Float64Array,
  members: ReadonlySet<string>,
  crossFit: CrossFit,
): Promise<Map<string, number>> {
  const of = (isMember: boolean) =>
    crossFit(
      weights.map((weight, i) => {
        const isOwn = members.has(judgements[i]!.rater) === isMember;
        return isOwn && isMember ? 1 : (isOwn ? 1 : SHARED) * weight;
      }),
    );
  const [own, crowd] = [await of(true), await of(false)];
  return new Map([...crowd, ...[...own].map(([key, belief]) => [tasteKey(key, NAME), belief] as const)]);
}

/** How much better the taste explains an account's votes than the crowd does, without the account's own part in either. */
function gainOf(
  judgements: readonly Judgement[],
  { items, cavities, beliefScale }: Estimate,
  beliefs: ReadonlyMap<string, number>,
  places: readonly number[],
  isMember: boolean,
): number {
  const read = likelihoodReader();
  const ordinary = places.filter((place) => judgements[place]!.truth === undefined);
  const evidence = (taste: string | undefined) => {
    const isOwn = (taste !== undefined) === isMember;
    const votes = ordinary.map((place) => {
      const key = tasteKey(itemKey(judgements[place]!), taste);
      const elsewhere = items.get(key) ?? beliefScale * (beliefs.get(key) ?? 0);
      const cavity = isOwn ? cavities[place]! : elsewhere;
      return { item: place, table: read(judgements[place]!, null), cavity, isRightGold: false };
    });
    const logs = accountEvidence(votes, false);
    return softmax(BEHAVIOURS.map(({ prior }, b) => Math.log(prior) + logs[b]!)).logSum;
  };
  return evidence(NAME) - evidence(undefined);
}

/** Whether the members answer gold as the crowd does, rather than GOLD_GAP less often. */
function knowsGold(judgements: readonly Judgement[], members: ReadonlySet<string>): boolean {
  const gold = judgements.filter(({ truth }) => truth !== undefined);
  const isRight = ({ truth, label }: Judgement) => truth === label;
  const crowd = gold.filter(({ rater }) => !members.has(rater));
  const own = gold.filter(({ rater }) => members.has(rater));
  const rate = (crowd.filter(isRight).length + 9) / (crowd.length + 10);
  const right = own.filter(isRight).length;
  const wrong = own.length - right;
  return right * Math.log(rate / (rate - GOLD_GAP)) + wrong * Math.log((1 - rate) / (1 - rate + GOLD_GAP)) > 0;
}

const habitShare = (behaviours: Float64Array) =>
  BEHAVIOURS.reduce((sum, { habit }, b) => sum + (habit ? behaviours[b]! : 0), 0);
const meanSignal = (behaviours: Float64Array) =>
  BEHAVIOURS.reduce((sum, { signal }, b) => sum + signal * behaviours[b]!, 0);
