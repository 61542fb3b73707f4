// Tests whether a rater votes like the others, in such a way that the test may be read after each vote.

/** A rater's label of an item, and the labels that others gave to the same item. */
export interface ComparedVote {
  label: string;
  others: readonly string[];
}

export interface AgreementEvidence {
  /** Log of the evidence now; chance makes it reach log(1/alpha) at any time with probability alpha at most. */
  logEvidence: number;
  /** The largest so far: exp(-this) is a p-value that stays valid however often it is read. */
  largestLogEvidence: number;
  /** Number of the vote at which the test rejected; null if it did not. */
  rejectedAt: number | null;
}

interface TestOptions {
  alpha?: number;
}

/** No rater is judged on less. */
const FEWEST_VOTES = 5;

/**
 * Evidence that a rater is more often outside the most common label than exchangeable raters would be. If they are
 * exchangeable, each of the item's labels is equally likely to be this rater's, so that the own label counts among them.
 * Exact when each item is judged once by this rater and items are independent.
 */
export function testAgreement(votes: readonly ComparedVote[], { alpha = 0.05 }: TestOptions = {}): AgreementEvidence {
  return testBets(
    votes.map(({ label, others }) => {
      const counts = new Map<string, number>();
      for (const given of [label, ...others]) counts.set(given, (counts.get(given) ?? 0) + 1);
      const most = Math.max(...counts.values());
      const outside = [...counts.values()].reduce((sum, times) => (times < most ? sum + times : sum), 0);
      return bet(counts.get(label)! < most, outside, others.length + 1);
    }),
    1 / alpha,
  );
}

/**
 * Evidence that a rater prefers one side (the longer answer, the first shown, one version) more than the others do on
 * the same items, and that the rater prefers it less. Both directions are tested, so each rejects at 2 / alpha. Leave
 * ties out: `label` is `side` or anything else.
 */
export function testPreference(
  votes: readonly ComparedVote[],
  side: string,
  { alpha = 0.05 }: TestOptions = {},
): { more: AgreementEvidence; less: AgreementEvidence } {
  const test = (isEvent: (label: string) => boolean) =>
    testBets(
      votes.map(({ label, others }) => {
        const events = [label, ...others].filter(isEvent).length;
        return bet(isEvent(label), events, others.length + 1);
      }),
      2 / alpha,
    );
  return { more: test((label) => label === side), less: test((label) => label !== side) };
}

/**
 * FastChat multiplies by 1 / (2p) (`outlier_detect`), p = the event's share of the item's labels, and by 1/2 without the
 * event. This bet also keeps the other half, 1/2 + 1 / (2p), so that its expectation is 1 instead of below it.
 */
function bet(isEvent: boolean, events: number, labels: number): number {
  if (events === 0) return 1;
  return isEvent ? 0.5 + labels / (2 * events) : 0.5;
}

/**
 * Averages the products of the bets over every vote from which a rater may have changed: start j has weight
 * 1 / (j (j + 1)). A long honest past therefore does not hide a later change, and the average is still a supermartingale.
 */
function testBets(bets: readonly number[], threshold: number): AgreementEvidence {
  let logStarted = Number.NEGATIVE_INFINITY;
  let logEvidence = 0;
  let largestLogEvidence = 0;
  let rejectedAt: number | null = null;
  for (const [i, factor] of bets.entries()) {
    const vote = i + 1;
    logStarted = logAdd(logStarted, -Math.log(vote * (vote + 1))) + Math.log(factor);
    logEvidence = logAdd(logStarted, -Math.log(vote + 1)); // starts still to come weigh 1 / (vote + 1)
    largestLogEvidence = Math.max(largestLogEvidence, logEvidence);
    if (rejectedAt === null && vote >= FEWEST_VOTES && logEvidence >= Math.log(threshold)) rejectedAt = vote;
  }
  return { logEvidence, largestLogEvidence, rejectedAt };
}

/** log(exp(a) + exp(b)) */
function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === Number.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(low - high));
}
