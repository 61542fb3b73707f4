// Says which rules cost reward in training.
import type { Rule, RuleKind } from './rules';

/** A run asks no server: it may answer otherwise the next time, and a run that resumes must end as it would have ended. */
export const isChargeable = (kind: RuleKind): boolean => kind !== 'http';

export const isCharged = ({ output, kind }: Pick<Rule, 'output' | 'kind'>): boolean =>
  output !== 'off' && isChargeable(kind);
