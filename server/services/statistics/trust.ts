// Shows how far each person is believed, kind by kind, with the evidence, its interval, and what an admin has decided.
import type { FeedbackKind } from '@/core/feedback/kinds';
import type { AgreementEvidence } from '@/core/statistics/agreement/agreement-test';
import type { RaterTrust } from '@/core/trust/report';
import { reportRaters, trustIn } from '@/db/raters/trust';
import type { Product } from '@/server/services/product';
import { readNames } from './names';
import type { KindTrustView, PersonTrustView, TestView, TrustOverviewView } from './views';

/** The least trusted are shown. */
const MOST_PEOPLE = 200;

export async function readTrustOverview({ db }: Product): Promise<TrustOverviewView> {
  const report = await reportRaters(db);
  const trustOf = trustIn(report);
  const ids = [...new Set([...report.raters.map(({ rater }) => rater), ...report.standings.keys()])];
  const shown = ids.slice(0, MOST_PEOPLE);
  const names = await readNames(db, ids);
  const people = shown.flatMap((id): PersonTrustView[] => {
    const name = names.get(id);
    if (name === undefined) return [];
    const own = report.raters.filter(({ rater }) => rater === id);
    const standing = report.standings.get(id);
    return [
      {
        id,
        name,
        standing: standing?.standing ?? null,
        standingReason: standing?.reason ?? null,
        partners: partnersOf(id, report.raters).flatMap((partner) => names.get(partner) ?? []),
        kinds: own.map((one) => viewOf(one, trustOf(id, one.kind as FeedbackKind))),
      },
    ];
  });
  return { people, more: ids.length - shown.length };
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
