// The kind of rule that forbids swear words: its settings, and how it finds them in a text.
import { z } from 'zod';
import { LANGUAGES, LEVELS } from './lists/languages';
import { swearWordsOf } from './lists/word-lists';
import { RULE_LIMITS, RuleBase, Term } from './rule';
import type { TextRule } from './scanner';
import { englishSwearWords } from './swear-words';
import { findWords } from './words/find-words';
import { expandPattern } from './words/patterns';

const NONE = { blacklistedTerms: [], whitelistedTerms: [] };

export const ProfanityRule = RuleBase.extend({
  /** Swear words, also in l33t spelling, look-alike letters and repeated letters. */
  kind: z.literal('profanity'),
  /** Languages whose lists of swear words the rule starts from; English words are found in every spelling of them. */
  languages: z
    .array(z.enum(LANGUAGES))
    .refine((languages) => new Set(languages).size === languages.length, 'A language is named twice.')
    .default(['en', 'ja']),
  /** How much of the lists is masked: vulgar words and slurs, or clinical words and mild oaths as well. */
  level: z.enum(LEVELS).default('vulgar'),
  /** More forbidden words; whole words only. */
  words: z.array(Term).max(RULE_LIMITS.terms).default([]),
  /** Texts in which nothing is forbidden, although they contain a forbidden word. */
  allow: z.array(Term).max(RULE_LIMITS.terms).default([]),
});
export type ProfanityRule = z.infer<typeof ProfanityRule>;

export function compileProfanity({ languages, level, words, allow }: ProfanityRule): TextRule {
  const { blacklistedTerms, whitelistedTerms } = languages.includes('en') ? englishSwearWords(level) : NONE;
  return findWords({
    words: [...languages.flatMap((language) => swearWordsOf(language, level)), ...words],
    patterns: blacklistedTerms.flatMap(({ pattern }) => expandPattern(pattern)),
    allow: [...whitelistedTerms, ...allow],
    han: languages.includes('zh') && !languages.includes('ja') ? 'zh' : 'ja',
  });
}
