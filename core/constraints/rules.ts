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

export const RuleSet = z.strictObject({
  /** Grows by one with every change; stored with each generation. */
  version: z.int().positive(),
  rules: z
    .array(Rule)
    .max(100)
    .refine((rules) => new Set(rules.map((rule) => rule.id)).size === rules.length, 'Two rules have the same id.'),
});
export type RuleSet = z.infer<typeof RuleSet>;

export const DEFAULT_RULES: RuleSet = RuleSet.parse({
  version: 1,
  rules: [{ id: 'profanity', kind: 'profanity' }],
});

/** By settings, because a rule set is read anew for each request. */
const compiled = new Map<string, CompiledRule>();
const MOST_COMPILED = 500;

function compileRule(rule: Rule): CompiledRule {
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

/** The rules that need nothing but the text, which are applied while it is written. */
export function textRules({ rules }: RuleSet): Compiled<TextRule>[] {
  return rules.flatMap((rule) => {
    const compiled = compileRule(rule);
    return 'scan' in compiled ? [{ rule, compiled }] : [];
  });
}
