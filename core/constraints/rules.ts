// Versioned rules about what a text may contain. Each kind of rule has its own file and an entry in KINDS.
import { z } from 'zod';
import { ClassifierRule, compileClassifier } from './kinds/classifier';
import { compileHttp, HttpRule } from './kinds/http';
import { compileInjection, InjectionRule } from './kinds/injection';
import { compileLanguage, LanguageRule } from './kinds/language';
import { compileLength, LengthRule } from './kinds/length';
import { compilePatternRule, PatternRule } from './kinds/pattern';
import { compilePersonalData, PersonalDataRule } from './kinds/personal-data';
import { compilePhrases, PhrasesRule } from './kinds/phrases';
import { compilePromptLeak, PromptLeakRule } from './kinds/prompt-leak';
import { compileRefusal, RefusalRule } from './kinds/refusal';
import { compileRepetition, RepetitionRule } from './kinds/repetition';
import { compileProfanity, ProfanityRule } from './profanity';
import type { CompiledRule, TextRule } from './scanner';

export const Rule = z.discriminatedUnion('kind', [
  ProfanityRule,
  PhrasesRule,
  PatternRule,
  PersonalDataRule,
  ClassifierRule,
  HttpRule,
  InjectionRule,
  LanguageRule,
  LengthRule,
  PromptLeakRule,
  RefusalRule,
  RepetitionRule,
]);
export type Rule = z.infer<typeof Rule>;
export type RuleKind = Rule['kind'];

const KINDS: { [Kind in RuleKind]: (rule: Extract<Rule, { kind: Kind }>) => CompiledRule } = {
  profanity: compileProfanity,
  phrases: compilePhrases,
  pattern: compilePatternRule,
  'personal-data': compilePersonalData,
  classifier: compileClassifier,
  http: compileHttp,
  injection: compileInjection,
  language: compileLanguage,
  length: compileLength,
  'prompt-leak': compilePromptLeak,
  refusal: compileRefusal,
  repetition: compileRepetition,
};

/** In force at once. */
export const MOST_RULES = 100;

export const RuleSet = z.strictObject({
  /** Grows by one with every change; stored with each generation. */
  version: z.int().positive(),
  rules: z
    .array(Rule)
    .max(MOST_RULES)
    .refine((rules) => new Set(rules.map((rule) => rule.id)).size === rules.length, 'Two rules have the same id.'),
});
export type RuleSet = z.infer<typeof RuleSet>;

export const DEFAULT_RULES: RuleSet = RuleSet.parse({
  version: 1,
  rules: [{ id: 'profanity', kind: 'profanity' }],
});

const byRule = new WeakMap<Rule, CompiledRule>();
/** By settings, because a change of one rule reads all of them anew. */
const compiled = new Map<string, CompiledRule>();
const MOST_COMPILED = 500;

export function compileRule(rule: Rule): CompiledRule {
  const same = byRule.get(rule);
  if (same) return same;
  const result = compileBySettings(rule);
  byRule.set(rule, result);
  return result;
}

function compileBySettings(rule: Rule): CompiledRule {
  const key = JSON.stringify({ ...rule, id: '', name: '', version: 0, examples: [] });
  const known = compiled.get(key);
  if (known) return known;
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  const result = (KINDS[rule.kind] as (rule: Rule) => CompiledRule)(rule);
  compiled.set(key, result);
  return result;
}

export interface Compiled<R extends CompiledRule> {
  rule: Rule;
  compiled: R;
}

export const compiledRules = ({ rules }: RuleSet): Compiled<CompiledRule>[] =>
  rules.map((rule) => ({ rule, compiled: compileRule(rule) }));

/** The rules that need nothing but the text, which are applied while it is written. */
export function textRules(rules: RuleSet): Compiled<TextRule>[] {
  return compiledRules(rules).flatMap(({ rule, compiled }) => ('scan' in compiled ? [{ rule, compiled }] : []));
}
