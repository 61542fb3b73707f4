// What a rule found in a text, and what it did about it.
import type { OUTPUT_ACTIONS } from '@/core/constraints/rule';
import type { Rule } from '@/core/constraints/rules';
import type { Span } from '@/core/constraints/scanner';

export type Action = Exclude<(typeof OUTPUT_ACTIONS)[number], 'off'>;

export interface RuleHit extends Span {
  ruleId: string;
  ruleVersion: number;
  action: Action;
}

export const hitOf = ({ id, version }: Rule, action: Action, { start, end, isUnjudged = false }: Span): RuleHit => ({
  ...{ ruleId: id, ruleVersion: version },
  ...{ action, start, end, isUnjudged },
});
