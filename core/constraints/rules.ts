// Versioned rules about what a text may contain. Each kind of rule has its own file and an entry in KINDS.
import { z } from 'zod';
import type { CompiledRule } from './compiled-rule';
import { compileProfanity, ProfanityRule } from './profanity';

export const Rule = z.discriminatedUnion('kind', [ProfanityRule]);
export type Rule = z.infer<typeof Rule>;

const KINDS: { [Kind in Rule['kind']]: (rule: Extract<Rule, { kind: Kind }>) => CompiledRule } = {
  profanity: compileProfanity,
};

export const RuleSet = z.object({
  /** Grows by one with every change; stored with each generation. */
  version: z.int().positive(),
  rules: z
    .array(Rule)
    .refine((rules) => new Set(rules.map((rule) => rule.id)).size === rules.length, 'Two rules have the same id.'),
});
export type RuleSet = z.infer<typeof RuleSet>;

export const DEFAULT_RULES: RuleSet = RuleSet.parse({
  version: 1,
  rules: [{ id: 'profanity', kind: 'profanity' }],
});

const compiled = new WeakMap<RuleSet, { rule: Rule; compiled: CompiledRule }[]>();

export function compileRules(rules: RuleSet): readonly { rule: Rule; compiled: CompiledRule }[] {
  const known = compiled.get(rules);
  if (known) return known;
  const result = rules.rules.map((rule) => ({ rule, compiled: KINDS[rule.kind](rule) }));
  compiled.set(rules, result);
  return result;
}
