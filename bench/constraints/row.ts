// One row of the comparison of rules with peers; scores are percentages with one decimal.
export interface ConstraintRow {
  set: string;
  rule: string;
  precision: number;
  recall: number;
  f1: number;
  msPerTurn: number;
  peer: string;
  peerF1: number;
  peerPrecision: number;
  peerRecall: number;
  peerMsPerTurn: number | null;
}

export const percent = (share: number): number => Math.round(1000 * share) / 10;

/** The harmonic mean of the two makes F1; all as percentages. */
export const scoreOf = (precision: number, recall: number) => ({
  precision: percent(precision),
  recall: percent(recall),
  f1: percent((2 * precision * recall) / Math.max(1e-9, precision + recall)),
});
