// Chooses the rules that apply to a text: by what they act on, and by who wrote it or will read it.
import type { AUDIENCES, INPUT_ACTIONS } from '@/core/constraints/rule';
import { type Compiled, compiledRules, type RuleSet } from '@/core/constraints/rules';
import type { CompiledRule } from '@/core/constraints/scanner';
import type { Action } from './rule-hit';

export type Audience = (typeof AUDIENCES)[number];
type InputAction = Exclude<(typeof INPUT_ACTIONS)[number], 'off'>;

export interface Planned<A extends Action = Action> extends Compiled<CompiledRule> {
  action: A;
}

/** The door that a person came through. */
export const audienceOf = (isAnonymous: boolean | null, apiKeyId: string | null): Audience =>
  apiKeyId ? 'api' : isAnonymous ? 'guest' : 'member';

export const planInput = (rules: RuleSet, audience: Audience): Planned<InputAction>[] =>
  plan(rules, audience).flatMap((one) => (one.rule.input === 'off' ? [] : [{ ...one, action: one.rule.input }]));

export const planOutput = (rules: RuleSet, audience: Audience): Planned[] =>
  plan(rules, audience).flatMap((one) => (one.rule.output === 'off' ? [] : [{ ...one, action: one.rule.output }]));

function plan(rules: RuleSet, audience: Audience): Compiled<CompiledRule>[] {
  return compiledRules(rules).filter(({ rule }) => rule.audiences.length === 0 || rule.audiences.includes(audience));
}
