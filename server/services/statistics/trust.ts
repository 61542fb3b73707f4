// Shows how far each person is believed, kind by kind, with the evidence, its interval, and what an admin has decided.
import type { FeedbackKind } from '@/core/feedback/kinds';
import type { AgreementEvidence } from '@/core/statistics/agreement/agreement-test';
import type { RaterTrust } from '@/core/trust/report';
import type { Database } from '@/db/client';
import { estimateAnew, readStandings, trustIn } from '@/db/raters/trust';
import type { Product } from '@/server/services/product';
import { figures } from './kept/kept';
import { readNames } from './names';
import type { KindTrustView, PersonTrustView, TestView, TrustOverviewView } from './views';

/** The least trusted are shown. */
const MOST_PEOPLE = 200;

/** What the evidence says of the least trusted, and how many people there is evidence on. Ids alone name people. */
export async function countTrust(db: Database) {
  const { raters } = await estimateAnew(db);
  const ids = [...new Set(raters.map(({ rater }) => rater))];
  const shown = new Set(ids.slice(0, MOST_PEOPLE));
  return {
    raters: raters.filter(({ rater }) => shown.has(rater)),
    partners: new Map([...shown].map((id) => [id, partnersOf(id, raters)])),
    people: ids.length,
  };
}

/** Names and an admin's word are those of now. */
export async function readTrustOverview(product: Product): Promise<TrustOverviewView> {
  const { db } = product;
  const { value, countedAt } = await figures(product, 'trust', null, () => countTrust(db));
  const { raters, partners } = value;
  const standings = await readStandings(db);
  const trustOf = trustIn({ raters, standings });
  const ids = [...new Set([...raters.map(({ rater }) => rater), ...standings.keys()])];
  const shown = ids.slice(0, MOST_PEOPLE);
  const names = await readNames(db, [...ids, ...[...partners.values()].flat()]);
  const people = shown.flatMap((id): PersonTrustView[] => {
    const name = names.get(id);
    if (name === undefined) return [];
    const standing = standings.get(id);
    return [
      {
        id,
        name,
        standing: standing?.standing ?? null,
        standingReason: standing?.reason ?? null,
        partners: (partners.get(id) ?? []).flatMap((partner) => names.get(partner) ?? []),
        kinds: raters
          .filter(({ rater }) => rater === id)
          .map((one) => viewOf(one, trustOf(id, one.kind as FeedbackKind))),
      },
    ];
  });
  return { people, more: Math.max(ids.length, value.people) - shown.length, countedAt };
}

/** The others who give the same votes beyond what the items explain. */
function partnersOf(id: string, raters: readonly RaterTrust[]): string[] {
  const groups = new Set(raters.flatMap(({ rater, collusion }) => (rater === id && collusion ? [collusion] : [])));
  const partners = raters.filter(({ rater, collusion }) => rater !== id && collusion && groups.has(collusion));
  return [...new Set(partners.map(({ rater }) => rater))];
}

function viewOf({ kind, weight, isInverted, reliability, habit, evidence }: RaterTrust, used: number): KindTrustView {
  const { tests, ...counts } = evidence;
  const { mean, low, high } = reliability;
  return {
    kind: kind as FeedbackKind,
    weight: used,
    weightByEvidence: isInverted ? -weight : weight,
    reliability: { value: mean, low, high },
    habit,
    ...counts,
    tests: {
      disagrees: testView(tests.disagrees),
      prefersFirst: testView(tests.prefersFirst, 2),
      prefersSecond: testView(tests.prefersSecond, 2),
      prefersLonger: testView(tests.prefersLonger, 2),
      prefersShorter: testView(tests.prefersShorter, 2),
    },
  };
}

/** How surprising the votes ever were. A preference is looked for in both directions, so its chance counts twice. */
const testView = ({ largestLogEvidence, rejectedAt }: AgreementEvidence, directions = 1): TestView => ({
  chance: Math.min(1, directions * Math.exp(-largestLogEvidence)),
  rejectedAt,
});
