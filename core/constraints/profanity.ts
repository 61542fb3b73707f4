// The kind of rule that forbids swear words: its settings, and how it finds them in a text.
import { z } from 'zod';
import { RULE_LIMITS, RuleBase, Term } from './rule';
import type { TextRule } from './scanner';
import { englishSwearWords } from './swear-words';
import { Automaton } from './words/automaton';
import { expandPattern, plainTexts, wholeWord } from './words/patterns';
import { WordScanner } from './words/word-scanner';

export const ProfanityRule = RuleBase.extend({
  /** Swear words, also in l33t spelling, look-alike letters and repeated letters. */
  kind: z.literal('profanity'),
  /** The list that the rule starts from. */
  preset: z.enum(['english', 'none']).default('english'),
  /** More forbidden words; whole words only. */
  words: z.array(Term).max(RULE_LIMITS.terms).default([]),
  /** Texts in which nothing is forbidden, although they contain a forbidden word. */
  allow: z.array(Term).max(RULE_LIMITS.terms).default([]),
});
export type ProfanityRule = z.infer<typeof ProfanityRule>;

export function compileProfanity(rule: ProfanityRule): TextRule {
  const preset = rule.preset === 'english' ? englishSwearWords() : { blacklistedTerms: [], whitelistedTerms: [] };
  const forbidden = new Automaton([
    ...preset.blacklistedTerms.flatMap(({ pattern }) => expandPattern(pattern)),
    ...rule.words.map(wholeWord),
  ]);
  const allowed = plainTexts([...preset.whitelistedTerms, ...rule.allow]);
  return { scan: () => new WordScanner({ forbidden, allowed }) };
}
