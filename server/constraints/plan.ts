// Chooses the rules that apply to a text: by what they act on, and by who wrote it or will read it.
import type { AUDIENCES, INPUT_ACTIONS } from '@/core/constraints/rule';
import { type Compiled, compiledRules, type RuleSet } from '@/core/constraints/rules';
import type { CompiledRule } from '@/core/constraints/scanner';
import { SELF_GROUP_NAMES, type SelfGroups } from '@/core/groups';
import type { Action } from './rule-hit';

export type Audience = (typeof AUDIENCES)[number];
type InputAction = Exclude<(typeof INPUT_ACTIONS)[number], 'off'>;

export interface Planned<A extends Action = Action> extends Compiled<CompiledRule> {
  action: A;
}

/** A person's audiences: the door that they came through, and what they say of themselves. */
export function audiencesOf(
  { isAnonymous, groups }: { isAnonymous: boolean | null; groups: SelfGroups },
  apiKeyId: string | null,
): Set<Audience> {
  const door = apiKeyId ? 'api' : isAnonymous ? 'guest' : 'member';
  const said = SELF_GROUP_NAMES.flatMap((group) => (groups[group] ? [`${group}:${groups[group]}` as Audience] : []));
  return new Set<Audience>([door, ...said]);
}

export const planInput = (rules: RuleSet, audiences: ReadonlySet<Audience>): Planned<InputAction>[] =>
  plan(rules, audiences).flatMap((one) => (one.rule.input === 'off' ? [] : [{ ...one, action: one.rule.input }]));

export const planOutput = (rules: RuleSet, audiences: ReadonlySet<Audience>): Planned[] =>
  plan(rules, audiences).flatMap((one) => (one.rule.output === 'off' ? [] : [{ ...one, action: one.rule.output }]));

function plan(rules: RuleSet, audiences: ReadonlySet<Audience>): Compiled<CompiledRule>[] {
  return compiledRules(rules).filter(
    ({ rule }) => rule.audiences.length === 0 || rule.audiences.some((audience) => audiences.has(audience)),
  );
}
