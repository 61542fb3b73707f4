// Ranks the versions by people's comparisons: Bradley-Terry and Elo, each with intervals, and every pair by itself.
import { z } from 'zod';
import { Rng } from '@/core/rng';
import {
  bernoulliSequenceInterval,
  boundedMeanInterval,
  differenceInterval,
  type Sample,
} from '@/core/statistics/confidence-sequence';
import { placesOf } from '@/core/statistics/places';
import { type BradleyTerryFit, fitBradleyTerry } from '@/core/statistics/ratings/bradley-terry';
import { rateEloInAnyOrder } from '@/core/statistics/ratings/elo';
import { CONTROLS, controlsOf, measureStyle } from '@/core/statistics/ratings/style';
import type { Database, Executor } from '@/db/client';
import { readTrust } from '@/db/raters/trust';
import { champion } from '@/db/release';
import { type Judgement, judgeVersion, NO_JUDGEMENT, type RateView } from '@/server/rollout/metrics';
import { readTexts } from '@/server/services/feedback/texts';
import type { Product } from '@/server/services/product';
import { figures } from './kept/kept';
import type { EstimateView, LeaderboardView, VersionPairView } from './views';
import { readVersionVotes, type VersionVote } from './votes';

/** What else than quality may win a vote, and is to be taken out of the ratings. */
export const LeaderboardControls = z.strictObject({
  length: z.boolean().default(false),
  /** Headers, lists and bold words. */
  style: z.boolean().default(false),
  /** Which answer was shown first. */
  position: z.boolean().default(false),
});
export type LeaderboardControls = z.infer<typeof LeaderboardControls>;

const CONTROLLED_BY = {
  tokens: 'length',
  headers: 'style',
  lists: 'style',
  bold: 'style',
  position: 'position',
} as const satisfies Record<(typeof CONTROLS)[number], keyof LeaderboardControls>;

/** FastChat's. It gives a version that has won every vote a finite rating. */
const RIDGE = 0.5;
/** Below this many votes the rating is marked. */
const FEW_VOTES = 20;
/** Orders and samples of Elo; more would hold up chats. */
const ELO_ROUNDS = 50;
/** Thumbs at which the interval of a lead is tightest. */
const USUAL_THUMBS = 300;

export async function readLeaderboard(product: Product, asked: LeaderboardControls): Promise<LeaderboardView> {
  const { value, countedAt } = await figures(product, 'leaderboard', asked, () => countLeaderboard(product.db, asked));
  return { ...value, countedAt };
}

export async function countLeaderboard(
  db: Database,
  asked: LeaderboardControls,
): Promise<Omit<LeaderboardView, 'countedAt'>> {
  const trustOf = await readTrust(db);
  const { votes, isTruncated } = await readVersionVotes(db, trustOf);
  if (votes.length === 0) return { versions: [], pairs: [], effects: [], votes: 0, people: 0, isTruncated };
  const chosen = CONTROLS.filter((name) => asked[CONTROLLED_BY[name]]);
  const controls = chosen.length > 0 ? await readControls(db, votes, asked.style) : [];
  // Nothing is known of what never differs.
  const names = chosen.filter((name) => controls.some((values) => values[CONTROLS.indexOf(name)] !== 0));
  const comparisons = votes.map(({ a, b, score, weight }) => ({ a: a.versionId, b: b.versionId, score, weight }));
  const fit = fitBradleyTerry(
    comparisons.map((vote, i) => ({ ...vote, controls: names.map((name) => controls[i]![CONTROLS.indexOf(name)]!) })),
    { ridge: RIDGE },
  );
  const { versionId: championId } = await champion(db);
  const judged = new Map<string, Judgement>();
  for (const id of new Set([championId, ...fit.ratings.map(({ name }) => name)]))
    judged.set(id, await judgeVersion(db, id, trustOf));
  const order = fit.ratings.map(({ name }) => name);
  return {
    versions: rankedVersions(fit, votes, comparisons).map((ranked) => {
      const own = judged.get(ranked.versionId) ?? NO_JUDGEMENT;
      const isChampion = ranked.versionId === championId;
      const lead = isChampion ? null : leadOf(own.thumbs, (judged.get(championId) ?? NO_JUDGEMENT).thumbs);
      return { ...ranked, isChampion, ...own, thumbsLead: lead };
    }),
    pairs: pairsOf(votes, order),
    effects: names.map((name, k) => {
      const { effect, low, high } = fit.controls[k]!;
      return { name, value: effect, low, high };
    }),
    votes: votes.length,
    people: peopleOf(votes),
    isTruncated,
  };
}

/** [votes][CONTROLS]; texts are read only if the style of an answer counts. */
async function readControls(db: Executor, votes: readonly VersionVote[], withStyle: boolean): Promise<number[][]> {
  const ids = withStyle ? votes.flatMap(({ a, b }) => [a.messageId, b.messageId]) : [];
  const texts = await readTexts(db, ids);
  const style = ({ messageId, tokens }: VersionVote['a']) => measureStyle(texts.get(messageId) ?? '', tokens);
  return controlsOf(votes.map(({ a, b, first }) => ({ a: style(a), b: style(b), first })));
}

interface Compared {
  a: string;
  b: string;
  score: number;
  weight: number;
}

function rankedVersions(fit: BradleyTerryFit, votes: readonly VersionVote[], comparisons: readonly Compared[]) {
  const places = placesOf(fit.ratings);
  const elo = new Map(rateEloInAnyOrder(comparisons, new Rng(1), ELO_ROUNDS).map((own) => [own.name, own]));
  return fit.ratings.map((own, i) => {
    const mine = votes.filter(({ a, b }) => a.versionId === own.name || b.versionId === own.name);
    return {
      versionId: own.name,
      votes: mine.length,
      people: peopleOf(mine),
      rating: estimateOf(own),
      place: places[i]!,
      isFew: mine.length < FEW_VOTES,
      elo: estimateOf(elo.get(own.name)!),
    };
  });
}

const estimateOf = ({ rating, low, high }: BradleyTerryFit['ratings'][number]): EstimateView => ({
  value: rating,
  low,
  high,
});

const peopleOf = (votes: readonly VersionVote[]) => new Set(votes.map(({ person }) => person)).size;

/** With one imagined thumb up and one down in the variance, which is else 0 after one thumb. */
function sampleOf({ rate, effective }: RateView): Sample {
  const share = (rate * effective + 1) / (effective + 2);
  return { mean: rate, variance: share * (1 - share), n: effective };
}

function leadOf(own: RateView, champions: RateView): EstimateView | null {
  if (own.n === 0 || champions.n === 0) return null;
  const { low, high } = differenceInterval(sampleOf(champions), sampleOf(own), { tuning: USUAL_THUMBS });
  return { value: own.rate - champions.rate, low: Math.max(-1, low), high: Math.min(1, high) };
}

/** Each pair of versions that met, the better one as a. With weights the effective number of votes stands for votes. */
export function pairsOf(votes: readonly VersionVote[], order: readonly string[]): VersionPairView[] {
  return order.flatMap((a, i) =>
    order.slice(i + 1).flatMap((b): VersionPairView[] => {
      const met = votes.flatMap((vote) => {
        const isForward = vote.a.versionId === a && vote.b.versionId === b;
        const isBackward = vote.a.versionId === b && vote.b.versionId === a;
        if (!isForward && !isBackward) return [];
        return [{ score: isForward ? vote.score : 1 - vote.score, weight: vote.weight }];
      });
      if (met.length === 0) return [];
      const decided = weighted(met.filter(({ score }) => score !== 0.5));
      const all = weighted(met);
      const won = bernoulliSequenceInterval(decided.mean * decided.n, decided.n);
      return [
        {
          a,
          b,
          wins: met.filter(({ score }) => score === 1).length,
          losses: met.filter(({ score }) => score === 0).length,
          ties: met.filter(({ score }) => score === 0.5).length,
          winRate: { value: decided.mean, ...won },
          score: { value: all.mean, ...boundedMeanInterval(all.mean, all.n) },
        },
      ];
    }),
  );
}

/** The mean, and Kish's effective number; 0 and 0 without votes. */
function weighted(votes: readonly { score: number; weight: number }[]): { mean: number; n: number } {
  const sum = votes.reduce((total, { weight }) => total + weight, 0);
  if (sum === 0) return { mean: 0, n: 0 };
  const squares = votes.reduce((total, { weight }) => total + weight ** 2, 0);
  return { mean: votes.reduce((total, { score, weight }) => total + weight * score, 0) / sum, n: sum ** 2 / squares };
}
