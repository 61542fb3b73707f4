// Estimates who can be believed: a posterior over behaviours for each rater and kind, jointly with the items' labels.
//
// Expectation maximisation after Dawid and Skene 1979 and Raykar et al. 2010, where a model's predictions act as one more
// rater. An account is judged on an item only by the votes of others and by the model (its "cavity"), never by its own
// vote; raters who act together are one voter.
import { BEHAVIOURS, isHonest, type Likelihoods, likelihoodReader } from './behaviours';
import {
  accountEvidence,
  fitBeliefScale,
  fitKinds,
  fitStrengths,
  itemsOf,
  loneLabels,
  readLabels,
  voteLogOdds,
} from './items';
import { type Account, accountsOf, type Judgement } from './judgement';

export interface EstimateInput {
  judgements: readonly Judgement[];
  /** What a model that has not seen the item's votes believes: log odds of side A, by item key. */
  beliefs?: ReadonlyMap<string, number> | undefined;
  /** Trust in a rater that was measured elsewhere, 0 to 1; 0 excludes the rater, 1 is the same as none. */
  priorTrust?: ReadonlyMap<string, number> | undefined;
  /** The voter that raters who act together are taken for, by rater. */
  collusions?: ReadonlyMap<string, string> | undefined;
  /** The taste that a rater shares, by rater; none is the crowd's. */
  tastes?: ReadonlyMap<string, string> | undefined;
}

export interface AccountPosterior extends Account {
  /** Probability of each of BEHAVIOURS. */
  behaviours: Float64Array;
  /** Mean of the behaviours' signal, -1 to 1. */
  signal: number;
  /** Whether trust that was measured elsewhere is 0: nobody can earn it back by votes. */
  isExcluded: boolean;
}

export interface Estimate {
  accounts: AccountPosterior[];
  /** Log odds of side A in the light of everything, by item key (with its taste). */
  items: Map<string, number>;
  /** The same without the votes of the judgement's voter on that item; by judgement. */
  cavities: Float64Array;
  /** Mean signal of raters who mean what they say: that of a vote of weight 1. */
  referenceSignal: number;
  /** Factor that turns the beliefs into log odds; 0 if they say nothing. */
  beliefScale: number;
}

const MOST_ROUNDS = 40;
/** Largest change of a behaviour's probability at which the rounds end. */
const TOLERANCE = 0.003;
/** The crowd's behaviours are those of its accounts and of this many imagined ones. */
const IMAGINED_ACCOUNTS = 8;
/** Share of the evidence of a rater's other kinds that counts for a kind. */
const OTHER_KINDS = 0.5;
/** Precision of a trust that was measured elsewhere, in units of a full trust. */
const PRIOR_PRECISION = 8;

export function estimateTrust(input: EstimateInput): Estimate {
  const { judgements, beliefs, priorTrust, collusions, tastes } = input;
  const voterOf = judgements.map(({ rater }) => collusions?.get(rater) ?? rater);
  const accounts = accountsOf(judgements, voterOf);
  const groups = new Set(collusions?.values());
  const priors = priorsOf(judgements, voterOf, priorTrust);
  const items = itemsOf(judgements, beliefs, (rater) => tastes?.get(rater));
  const favourites = accounts.map(({ places }) => favouriteSource(places.map((place) => judgements[place]!)));
  const tables = readTables(judgements, accounts, favourites);
  const itemAt = new Int32Array(judgements.length);
  for (const [i, { places }] of items.entries()) for (const place of places) itemAt[place] = i;
  const votes = new Float64Array(judgements.length);
  // Excluded accounts have no influence on what is estimated about others.
  const isOut = accounts.map(({ voter }) => priors.get(voter) === 0);
  const heard = items.flatMap(({ places, truth }, i) =>
    truth !== null || places.some((place) => priors.get(voterOf[place]!) !== 0) ? [i] : [],
  );
  const heardItems = heard.map((i) => items[i]!);
  const lone = loneLabels(heardItems, judgements, voterOf);

  let crowd = Float64Array.from(BEHAVIOURS, ({ prior }) => prior);
  let posteriors: Float64Array[] = accounts.map(() => crowd);
  let beliefScale = beliefs ? 1 : 0;
  let kindLogOdds = new Map<string, number>();
  const strengths = fitStrengths(judgements.filter((_, place) => priors.get(voterOf[place]!) !== 0));
  for (let round = 1; ; round++) {
    // E: the items' labels from the accounts.
    for (const [a, { places }] of accounts.entries()) {
      for (const place of places) votes[place] = isOut[a] ? 0 : voteLogOdds(tables[place]!, posteriors[a]!);
    }
    const { logOdds, cavities } = readLabels(items, { votes, voterOf, kindLogOdds, strengths, beliefScale });
    const heardOdds = Float64Array.from(heard, (i) => logOdds[i]!);
    if (beliefs) beliefScale = fitBeliefScale(heardItems, heardOdds, beliefScale);
    kindLogOdds = fitKinds(heardItems, heardOdds, lone);
    // M: the accounts from the labels, and the crowd from the accounts.
    const evidence = accounts.map(({ voter, places }) =>
      accountEvidence(
        places.map((place) => ({
          item: itemAt[place]!,
          table: tables[place]!,
          cavity: cavities[place]!,
          isRightGold: judgements[place]!.truth === judgements[place]!.label,
        })),
        groups.has(voter),
      ),
    );
    const next = updatePosteriors(accounts, evidence, {
      crowd,
      priors,
      favourites,
      served: servedShares(
        favourites.filter((_, a) => !isOut[a]),
        posteriors.filter((_, a) => !isOut[a]),
      ),
    });
    const change = Math.max(...next.map((posterior, a) => (isOut[a] ? 0 : distance(posterior, posteriors[a]!))));
    posteriors = next;
    crowd = crowdOf(posteriors.filter((_, a) => !isOut[a]));
    if (change > TOLERANCE && round < MOST_ROUNDS) continue;
    return {
      accounts: accounts.map((account, a) => ({
        ...account,
        behaviours: posteriors[a]!,
        isExcluded: isOut[a]!,
        signal: mean(posteriors[a]!, ({ signal }) => signal),
      })),
      items: new Map(items.map(({ key }, i) => [key, logOdds[i]!])),
      cavities,
      referenceSignal: referenceSignal(crowd),
      beliefScale,
    };
  }
}

/** An account that serves a source is taken to serve the one that it votes for most. */
function readTables(
  judgements: readonly Judgement[],
  accounts: readonly Account[],
  favourites: readonly Favourite[],
): Likelihoods[] {
  const read = likelihoodReader();
  const tables: Likelihoods[] = Array.from({ length: judgements.length });
  for (const [a, { places }] of accounts.entries()) {
    for (const place of places) tables[place] = read(judgements[place]!, favourites[a]!.source);
  }
  return tables;
}

/** Raters who act together have the least trust that was measured for any of them. */
function priorsOf(
  judgements: readonly Judgement[],
  voterOf: readonly string[],
  priorTrust: ReadonlyMap<string, number> | undefined,
): Map<string, number> {
  const priors = new Map<string, number>();
  for (const [place, { rater }] of judgements.entries()) {
    const voter = voterOf[place]!;
    priors.set(voter, Math.min(priors.get(voter) ?? 1, priorTrust?.get(rater) ?? 1));
  }
  return priors;
}

interface Favourite {
  source: string | null;
  /** Sources that it was chosen from. */
  among: number;
}

function favouriteSource(own: readonly Judgement[]): Favourite {
  const balance = new Map<string, number>();
  for (const { label, sources } of own) {
    for (const [side, source] of sources?.entries() ?? []) {
      if (source !== null) balance.set(source, (balance.get(source) ?? 0) + (side === 0 ? 1 : -1) * (label - 0.5));
    }
  }
  const [best] = [...balance].sort(([, a], [, b]) => b - a);
  return { source: best && best[1] > 0 ? best[0] : null, among: Math.max(1, balance.size) };
}

function updatePosteriors(
  accounts: readonly Account[],
  evidence: readonly Float64Array[],
  {
    crowd,
    priors,
    favourites,
    served,
  }: {
    crowd: Float64Array;
    priors: ReadonlyMap<string, number>;
    favourites: readonly Favourite[];
    served: (favourite: Favourite) => number;
  },
): Float64Array[] {
  const byVoter = new Map<string, number[]>();
  for (const [a, { voter }] of accounts.entries()) byVoter.set(voter, [...(byVoter.get(voter) ?? []), a]);
  const reference = referenceSignal(crowd);
  return accounts.map(({ voter }, a) => {
    const given = priors.get(voter) ?? 1;
    const others = byVoter.get(voter)!.filter((other) => other !== a);
    const logPriors = BEHAVIOURS.map(({ signal, habit }, b) => {
      const elsewhere = others.reduce((sum, other) => sum + OTHER_KINDS * evidence[other]![b]!, 0);
      const measured = given < 1 ? (PRIOR_PRECISION / 2) * (signal / reference - given) ** 2 : 0;
      // The votes themselves chose the source, so it is paid for.
      const choice = habit === 'source' ? Math.log(served(favourites[a]!)) : 0;
      return Math.log(crowd[b]!) + choice + elsewhere - measured;
    });
    return softmax(logPriors.map((log, b) => log + evidence[a]![b]!)).probabilities;
  });
}

/** Probability that an account that serves a source serves this one; several that serve one make more of them likelier. */
function servedShares(
  favourites: readonly Favourite[],
  posteriors: readonly Float64Array[],
): (favourite: Favourite) => number {
  const counts = new Map<string, number>();
  let whole = 0;
  for (const [a, { source }] of favourites.entries()) {
    if (source === null) continue;
    const chance = BEHAVIOURS.reduce((sum, { habit }, b) => sum + (habit === 'source' ? posteriors[a]![b]! : 0), 0);
    counts.set(source, (counts.get(source) ?? 0) + chance);
    whole += chance;
  }
  return ({ source, among }) => (1 + (counts.get(source ?? '') ?? 0)) / (among + whole);
}

function crowdOf(posteriors: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const whole = IMAGINED_ACCOUNTS + posteriors.length;
  return Float64Array.from(BEHAVIOURS, ({ prior }, b) => {
    const sum = posteriors.reduce((total, posterior) => total + posterior[b]!, 0);
    return (IMAGINED_ACCOUNTS * prior + sum) / whole;
  });
}

function referenceSignal(crowd: Float64Array): number {
  let [sum, whole] = [0, 0];
  for (const [b, behaviour] of BEHAVIOURS.entries()) {
    if (!isHonest(behaviour)) continue;
    sum += crowd[b]! * behaviour.signal;
    whole += crowd[b]!;
  }
  return sum / whole;
}

const mean = (posterior: Float64Array, of: (behaviour: (typeof BEHAVIOURS)[number]) => number): number =>
  BEHAVIOURS.reduce((sum, behaviour, b) => sum + posterior[b]! * of(behaviour), 0);

const distance = (a: Float64Array, b: Float64Array) => a.reduce((most, p, i) => Math.max(most, Math.abs(p - b[i]!)), 0);

export function softmax(logs: readonly number[]): { probabilities: Float64Array<ArrayBuffer>; logSum: number } {
  const highest = Math.max(...logs);
  const raw = Float64Array.from(logs, (log) => Math.exp(log - highest));
  const sum = raw.reduce((a, b) => a + b, 0);
  return { probabilities: raw.map((value) => value / sum), logSum: highest + Math.log(sum) };
}
