// One row of the comparison of rules with peers.
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
