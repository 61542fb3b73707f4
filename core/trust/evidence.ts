// What people can check about a rater: agreement, gold, repeats, times and habits, counted without any model.
import { type AgreementEvidence, testAgreement, testPreference } from '@/core/statistics/agreement/agreement-test';
import { itemKey, type Judgement } from './judgement';

export interface Count {
  n: number;
  hits: number;
}

export interface TrustEvidence {
  votes: number;
  /** Votes of others on the same items, and how many of them are the same. */
  overlap: Count;
  /** Gold items, and how many were answered rightly. */
  gold: Count;
  /** Items judged again, and how many of them the same way. */
  repeats: Count;
  /** Votes with a shown order, and how many went to the first. */
  first: Count;
  /** Votes on sides of different length, and how many went to the longer. */
  longer: Count;
  /** Median time of a vote, and votes that took less than a quarter of the crowd's; null if no time is known. */
  milliseconds: number | null;
  fast: Count;
  /** Whether the rater disagrees with the others, prefers a side's place or length more than they do: anytime-valid. */
  tests: Record<'disagrees' | 'prefersFirst' | 'prefersSecond' | 'prefersLonger' | 'prefersShorter', AgreementEvidence>;
}

const FAST = 0.25;

/** Evidence for each rater and kind, under `rater\0kind`. */
export function collectEvidence(judgements: readonly Judgement[]): Map<string, TrustEvidence> {
  const byItem = groupBy(judgements, itemKey);
  const usual = new Map(
    [...groupBy(judgements, ({ kind }) => kind)].map(([kind, own]) => [kind, medianTime(own)] as const),
  );
  const result = new Map<string, TrustEvidence>();
  for (const [key, own] of groupBy(judgements, accountKey)) {
    const others = (judgement: Judgement) =>
      byItem.get(itemKey(judgement))!.filter(({ rater, label }) => rater !== judgement.rater && label !== 0.5);
    const decided = firstOfEachItem(own.filter(({ label }) => label !== 0.5));
    const compared = decided.map((judgement) => ({ judgement, others: others(judgement) }));
    const side = ({ label }: Judgement) => (label > 0.5 ? 'a' : 'b');
    const agreed = compared.flatMap(({ judgement, others }) => others.map((other) => side(other) === side(judgement)));
    const leaning = (lean: 'first' | 'longer') => {
      const wins = (judgement: Judgement, by: Judgement = judgement) =>
        judgement[lean] && by.label > 0.5 === judgement[lean] > 0 ? 'yes' : 'no';
      const shown = compared.filter(({ judgement }) => judgement[lean]);
      return {
        count: countOf(shown.map(({ judgement }) => wins(judgement) === 'yes')),
        test: testPreference(
          shown.map(({ judgement, others }) => ({
            label: wins(judgement),
            // A place is each showing's own, and a length is the item's.
            others: others.map((other) => (lean === 'first' ? wins(other) : wins(judgement, other))),
          })),
          'yes',
        ),
      };
    };
    const [first, longer] = [leaning('first'), leaning('longer')];
    const timed = own.flatMap(({ milliseconds }) => (milliseconds === undefined ? [] : [milliseconds]));
    const limit = FAST * (usual.get(own[0]!.kind) ?? 0);
    result.set(key, {
      votes: own.length,
      overlap: countOf(agreed),
      gold: countOf(own.flatMap(({ truth, label }) => (truth === undefined ? [] : [truth === label]))),
      repeats: countOf(repeatsOf(own)),
      first: first.count,
      longer: longer.count,
      milliseconds: medianTime(own),
      fast: countOf(timed.map((time) => time < limit)),
      tests: {
        disagrees: testAgreement(
          compared.map(({ judgement, others }) => ({ label: side(judgement), others: others.map(side) })),
        ),
        prefersFirst: first.test.more,
        prefersSecond: first.test.less,
        prefersLonger: longer.test.more,
        prefersShorter: longer.test.less,
      },
    });
  }
  return result;
}

export const accountKey = ({ rater, kind }: Pick<Judgement, 'rater' | 'kind'>): string => `${rater}\u0000${kind}`;

function repeatsOf(own: readonly Judgement[]): boolean[] {
  return [...groupBy(own, itemKey).values()].flatMap(([first, ...again]) =>
    again.map(({ label }) => label === first!.label),
  );
}

const firstOfEachItem = (own: readonly Judgement[]) => [...groupBy(own, itemKey).values()].map(([first]) => first!);
const countOf = (hits: readonly boolean[]): Count => ({ n: hits.length, hits: hits.filter(Boolean).length });

function medianTime(own: readonly Judgement[]): number | null {
  const times = own
    .flatMap(({ milliseconds }) => (milliseconds === undefined ? [] : [milliseconds]))
    .sort((a, b) => a - b);
  return times.length ? times[Math.floor(times.length / 2)]! : null;
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group) group.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}
