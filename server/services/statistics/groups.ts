// How each group of people and prompts fares: a version's win rate, the reward model's accuracy, and how much it is heard.
import { eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { groupBy } from '@/core/group-by';
import { isSelfGroup } from '@/core/groups';
import { FEWEST_PEOPLE, type Folded, foldSmall } from '@/core/statistics/fold';
import type { Executor } from '@/db/client';
import { readTrust, type TrustOf } from '@/db/raters/trust';
import { champion } from '@/db/release';
import { version } from '@/db/schema';
import { rateOf } from '@/server/rollout/metrics';
import type { Product } from '@/server/services/product';
import { GROUP_KEYS, type GroupKey, type GroupVote, readGroupVotes } from './group-votes';
import { cohortOf, lockFigures, publishFigures } from './held-figures';
import type { Counting } from './kept/calculator';
import { figures } from './kept/kept';
import { type RewardReport, readRewardReport } from './reward-report';
import type { GroupRateView, GroupsView, GroupView } from './views';

/** The taste of raters in whom a run found no other. */
const CROWD = 'crowd';

/** Of the champion, unless another version is named. */
export async function readGroups(product: Product, asked: { versionId?: string | undefined }): Promise<GroupsView> {
  if (asked.versionId) await checkVersion(product.db, asked.versionId);
  const { value, countedAt } = await figures(product, 'groups', asked, () => countGroups(product, asked));
  return { ...value, countedAt };
}

export async function countGroups(counting: Counting, asked: { versionId?: string | undefined }): Promise<Figures> {
  const { db } = counting;
  const versionId = asked.versionId ?? (await champion(db)).versionId;
  const found = await readRewardReport(counting);
  const trustOf = await readTrust(db);
  return db.transaction(async (tx) => {
    await lockFigures(tx);
    return groupsOf(tx, versionId, found, await readGroupVotes(db, tastesIn(found?.report)), trustOf);
  });
}

type Figures = Omit<GroupsView, 'countedAt'>;

async function groupsOf(
  db: Executor,
  versionId: string,
  found: Awaited<ReturnType<typeof readRewardReport>>,
  votes: readonly GroupVote[],
  trustOf: TrustOf,
): Promise<Figures> {
  const keys: GroupsView['keys'] = [];
  for (const key of GROUP_KEYS) {
    const members = votes.filter(({ groups }) => groups[key] !== undefined);
    const folded = foldSmall(groupBy(members, ({ groups }) => groups[key]!));
    const view = (of: string) =>
      folded.map((group) => viewOf(group, of, { all: votes.length, trustOf, report: found?.report, key }));
    if (!isSelfGroup(key)) {
      keys.push({ key, groups: view(versionId).sort(worstFirst), publishedAt: null });
      continue;
    }
    const held = await publishFigures(db, key, cohortOf(folded, printWith(trustOf)), () => figuresOf(votes, view));
    const groups = held?.figures[versionId] ?? held?.figures[''] ?? [];
    keys.push({ key, groups: [...groups].sort(worstFirst), publishedAt: held?.publishedAt ?? null });
  }
  return {
    versionId,
    runId: found?.runId ?? null,
    fewestPeople: FEWEST_PEOPLE,
    votes: votes.length,
    people: new Set(votes.map(({ person }) => person)).size,
    keys,
  };
}

/** Of every version that has votes; under the empty name, for any other. */
function figuresOf(votes: readonly GroupVote[], view: (versionId: string) => GroupView[]): Record<string, GroupView[]> {
  const versions = new Set(['', ...votes.flatMap((vote) => vote.versions.filter((id) => id !== null))]);
  return Object.fromEntries([...versions].map((id) => [id, view(id)]));
}

/** Whether people count at all is part of it; how much they do moves a little with everyone's votes, so it is not. */
const printWith = (trustOf: TrustOf) => (votes: readonly GroupVote[]) =>
  votes.map(({ person, kind, value, versions, isOfPair }) => [
    ...[kind, value, versions, isOfPair],
    trustOf(person, kind) === 0,
  ]);

interface Measures {
  /** Votes of everyone. */
  all: number;
  trustOf: TrustOf;
  report: RewardReport | undefined;
  key: GroupKey;
}

function viewOf(
  { value, people, items }: Folded<GroupVote>,
  versionId: string,
  { all, trustOf, report, key }: Measures,
): GroupView {
  return {
    ...{ value, people, votes: items.length, share: items.length / all },
    wins: winsOf(items, versionId, trustOf),
    thumbs: thumbsOf(items, versionId, trustOf),
    rewardModel: accuracyOf(report, key, value),
  };
}

async function checkVersion(db: Executor, id: string): Promise<void> {
  const [known] = await db.select({ id: version.id }).from(version).where(eq(version.id, id));
  if (!known) throw new AttuneError('NOT_FOUND', `There is no version ${id}.`);
}

/** By rater; empty unless the run told tastes apart. */
function tastesIn(report: RewardReport | undefined): Map<string, string> {
  const raters = report?.raters ?? [];
  if (!raters.some(({ taste }) => taste !== null)) return new Map();
  return new Map(raters.map(({ rater, taste }) => [rater, taste ?? CROWD]));
}

/** Decided comparisons of the version with another one. */
function winsOf(votes: readonly GroupVote[], versionId: string, trustOf: TrustOf): GroupRateView {
  return rateIn(
    votes.flatMap(({ person, kind, value, versions: [left, right] }) => {
      if (kind !== 'comparison' || left === right || (left !== versionId && right !== versionId)) return [];
      const { choice } = value as FeedbackValue<'comparison'>;
      if (choice !== 'left' && choice !== 'right') return [];
      const won = (choice === 'left') === (left === versionId);
      return [{ person, trust: trustOf(person, 'comparison'), up: won ? 1 : 0, n: 1 }];
    }),
  );
}

function thumbsOf(votes: readonly GroupVote[], versionId: string, trustOf: TrustOf): GroupRateView {
  return rateIn(
    votes.flatMap(({ person, kind, value, versions, isOfPair }) => {
      if (kind !== 'thumb' || isOfPair || versions[0] !== versionId) return [];
      const { up } = value as FeedbackValue<'thumb'>;
      return [{ person, trust: trustOf(person, 'thumb'), up: up ? 1 : 0, n: 1 }];
    }),
  );
}

/** null where fewer than FEWEST_PEOPLE of the group voted. */
function rateIn(tallies: { person: string; trust: number; up: number; n: number }[]): GroupRateView {
  // People whose votes do not count hide nobody.
  const counted = tallies.filter(({ trust }) => trust !== 0);
  if (new Set(counted.map(({ person }) => person)).size < FEWEST_PEOPLE) return null;
  const { rate, low, high, n } = rateOf(tallies);
  return n === 0 ? null : { value: rate, low, high, n };
}

/** The trainer knows groups by the same names; of folded groups it has no figures. */
function accuracyOf(report: RewardReport | undefined, key: GroupKey, value: string | null): GroupView['rewardModel'] {
  // Held figures stand while runs go on; those of a run would change with every run.
  const own =
    value === null || isSelfGroup(key)
      ? null
      : report?.groups.find((group) => group.key === key && group.value === value);
  return own ? { value: own.accuracy, low: own.low, high: own.high, n: own.pairs, calibrationError: own.ece } : null;
}

/** By the win rate, then by thumbs; groups that say nothing about the version come last. */
function worstFirst(one: GroupView, other: GroupView): number {
  const rateOf = ({ wins, thumbs }: GroupView) => wins?.value ?? thumbs?.value ?? Number.POSITIVE_INFINITY;
  const [a, b] = [rateOf(one), rateOf(other)];
  return a === b ? other.votes - one.votes : a - b;
}
