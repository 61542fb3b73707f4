// Keeps judges' labels to a share of the feedback: the most useful labels stay.
import { HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import type { Split } from '@/core/snapshot/rows';
import { isGiven, type SnapshotRow } from '@/core/snapshot/snapshot';
import { chooseTasks } from '@/core/tasks/choose';
import type { Posterior } from '@/core/tasks/posterior';
import { TASK_WEIGHTS, type TaskCandidate } from '@/core/tasks/question';
import { RowCollector, type UnsplitRow } from '../snapshot';
import type { Draft } from './feedback';

/** Labels that are weighed against each other, newest first: the time of a choice grows with their square. */
const WINDOW = 1000;

/** A freeze reads no states of the base, so no label's features are known: each is as informative as the average. */
const UNKNOWN: Pick<Posterior, 'mean' | 'covariance'> = { mean: new Float64Array(0), covariance: new Float64Array(0) };

/** The drafts of judges that the share has no room for. A draft without a side is no row, and counts for neither. */
export function overShare(
  drafts: readonly Draft[],
  sides: readonly (Split | null)[],
  aiShare: number,
): ReadonlySet<Draft> {
  const rows = drafts.filter(({ row }, i) => sides[i] !== null && isGiven(row as SnapshotRow));
  const labels = rows.filter(isByJudge);
  const people = countPeople(drafts, sides);
  const room = aiShare === 1 ? labels.length : Math.floor((aiShare / (1 - aiShare)) * people);
  if (labels.length <= room) return new Set();
  const kept = new Set<Draft>();
  const votes = votesByItem(rows.filter((draft) => !isByJudge(draft)));
  const newestFirst = labels.toReversed();
  for (let from = 0; from < newestFirst.length; from += WINDOW) {
    const window = newestFirst.slice(from, from + WINDOW);
    // So that all windows together take the whole room.
    const upTo = Math.floor((room * (from + window.length)) / labels.length);
    for (const at of mostUseful(window, votes, upTo - kept.size)) kept.add(window[at]!);
  }
  return new Set(labels.filter((draft) => !kept.has(draft)));
}

const isByJudge = ({ row }: Draft) => 'isByJudge' in row && row.isByJudge === true;

/** As the snapshot will have them: equal rows are one. */
function countPeople(drafts: readonly Draft[], sides: readonly (Split | null)[]): number {
  const collector = new RowCollector();
  for (const [i, draft] of drafts.entries()) {
    const side = sides[i] ?? null;
    if (side !== null && isGiven(draft.row as SnapshotRow) && !isByJudge(draft)) collector.keep(draft.row, side);
  }
  return collector.rows.length;
}

/** Places in the window. */
function mostUseful(window: readonly Draft[], votes: VotesByItem, count: number): number[] {
  const candidates = window.map(({ row }): TaskCandidate => {
    const item = itemOf(row);
    return { features: null, groups: groupsOf(row), votes: (item && votes.items.get(item)) || [0, 0] };
  });
  return chooseTasks({
    candidates,
    posterior: UNKNOWN,
    targetShares: new Map(),
    groupVotes: votes.groups,
    totalVotes: votes.total,
    weights: TASK_WEIGHTS,
    count,
  }).map(({ at }) => at);
}

interface VotesByItem {
  items: ReadonlyMap<string, readonly [first: number, second: number]>;
  groups: ReadonlyMap<string, number>;
  total: number;
}

/** What people said, each by the trust in them. */
function votesByItem(drafts: readonly Draft[]): VotesByItem {
  const items = new Map<string, [number, number]>();
  const groups = new Map<string, number>();
  for (const { row } of drafts) {
    for (const group of groupsOf(row)) groups.set(group, (groups.get(group) ?? 0) + 1);
    const item = itemOf(row);
    if (!item) continue;
    const sum = items.get(item) ?? [0, 0];
    const trust = Math.max(0, 'trust' in row ? (row.trust ?? 1) : 1);
    const side = firstSideOf(row);
    items.set(item, [sum[0] + trust * side, sum[1] + trust * (1 - side)]);
  }
  return { items, groups, total: drafts.length };
}

const groupsOf = (row: UnsplitRow): string[] => {
  const language = 'groups' in row ? row.groups?.language : undefined;
  return [`kind ${row.kind}`, ...(language ? [`language ${language}`] : [])];
};

/** Names a pair whichever side each answer is on. */
function itemOf(row: UnsplitRow): string | null {
  if (row.kind === 'comparison') return [row.left.ids.join(), row.right.ids.join()].sort().join(' ');
  if (row.kind === 'rating') return row.answerIds.join();
  return null;
}

const MIDDLE = (LOWEST_RATING + HIGHEST_RATING) / 2;

/** 1 for the pair's first answer in the order of its name, or for a good rating. */
function firstSideOf(row: UnsplitRow): number {
  if (row.kind === 'rating') return row.value > MIDDLE ? 1 : 0;
  if (row.kind !== 'comparison' || (row.choice !== 'left' && row.choice !== 'right')) return 0.5;
  return (row.choice === 'left') === row.left.ids.join() <= row.right.ids.join() ? 1 : 0;
}
