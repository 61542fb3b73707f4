// Measures a judge on pairs that people have judged, and says which figures keep it from labelling.
import { type Interval, wilsonInterval } from '../statistics/statistics';
import { type BothOrders, isFlipped, sideOf } from './verdict';

export interface MeasuredPair {
  orders: BothOrders;
  /** The same pair judged once more, if it was. */
  repeat: BothOrders | null;
  /** 1 if people prefer the left answer, -1 if the right. */
  people: 1 | -1;
  /** log(length of left / length of right), in characters. */
  lengthRatio: number;
}

export interface JudgeFigures {
  pairs: number;
  /** Share of the pairs whose verdict turns over with the order. */
  positionBias: number;
  /** Share of the repeated pairs that were judged alike; null if none was repeated. */
  selfAgreement: number | null;
  repeats: number;
  /** Correlation of the preference with the length, less that of people on the same pairs. */
  lengthBias: number;
  /** Share of the pairs on which the judge sides with people, a tie counting half, with its 95 % interval. */
  agreement: Interval & { value: number };
}

export function measureJudge(pairs: readonly MeasuredPair[]): JudgeFigures {
  const repeated = pairs.flatMap(({ orders, repeat }) => (repeat ? [sideOf(orders) === sideOf(repeat)] : []));
  const sides = pairs.map(({ orders }) => sideOf(orders));
  const lengths = pairs.map(({ lengthRatio }) => lengthRatio);
  const agreed = pairs.reduce((sum, { people }, at) => sum + (1 + sides[at]! * people) / 2, 0);
  return {
    pairs: pairs.length,
    positionBias: share(pairs.map(({ orders }) => isFlipped(orders))),
    selfAgreement: repeated.length > 0 ? share(repeated) : null,
    repeats: repeated.length,
    lengthBias:
      correlation(sides, lengths) -
      correlation(
        pairs.map(({ people }) => people),
        lengths,
      ),
    agreement: { value: agreed / Math.max(1, pairs.length), ...wilsonInterval(agreed, pairs.length) },
  };
}

const share = (values: readonly boolean[]) => values.filter(Boolean).length / Math.max(1, values.length);

/** Pearson's; 0 where one of the two never varies. */
function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [at, own] of x.entries()) {
    const [dx, dy] = [own - meanX, y[at]! - meanY];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

/** A judge outside of any of these may not label. */
export const JUDGE_LIMITS = {
  leastPairs: 40,
  /** A judge that decides by the place alone turns over every pair, one that guesses a half. */
  mostPositionBias: 0.35,
  leastSelfAgreement: 0.8,
  mostLengthBias: 0.3,
  /** The lower end of the interval must be above what guessing gives. */
  leastAgreement: 0.5,
} as const;

export const JUDGE_FAULTS = ['pairs', 'positionBias', 'selfAgreement', 'lengthBias', 'agreement'] as const;
export type JudgeFault = (typeof JUDGE_FAULTS)[number];

/** The figures that keep a judge from labelling; none if it may. */
export function faultsOf(figures: JudgeFigures): JudgeFault[] {
  const faults: Record<JudgeFault, boolean> = {
    pairs: figures.pairs < JUDGE_LIMITS.leastPairs,
    positionBias: figures.positionBias > JUDGE_LIMITS.mostPositionBias,
    selfAgreement: figures.selfAgreement === null || figures.selfAgreement < JUDGE_LIMITS.leastSelfAgreement,
    lengthBias: Math.abs(figures.lengthBias) > JUDGE_LIMITS.mostLengthBias,
    agreement: figures.agreement.low <= JUDGE_LIMITS.leastAgreement,
  };
  return JUDGE_FAULTS.filter((fault) => faults[fault]);
}
