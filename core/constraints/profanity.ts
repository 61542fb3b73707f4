// The kind of rule that forbids swear words: its settings, and how it finds them in a text.
import { z } from 'zod';
import { LANGUAGES, LEVELS } from './lists/languages';
import { swearWordsOf } from './lists/word-lists';
import { RULE_LIMITS, RuleBase, Term } from './rule';
import type { TextRule } from './scanner';
import { englishSwearWords } from './swear-words';
import { Automaton, type Pattern } from './words/automaton';
import { expandPattern, plainTexts, segmentedWord, segmentingLanguage, wholeWord } from './words/patterns';
import { WordScanner } from './words/word-scanner';

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

export function compileProfanity(rule: ProfanityRule): TextRule {
  const { blacklistedTerms, whitelistedTerms } = rule.languages.includes('en') ? englishSwearWords(rule.level) : NONE;
  const han = rule.languages.includes('zh') && !rule.languages.includes('ja') ? 'zh' : 'ja';
  const whole: Pattern[] = blacklistedTerms.flatMap(({ pattern }) => expandPattern(pattern));
  const segmented = new Map<string, Pattern[]>();
  const add = (word: string, ofHan: 'ja' | 'zh') => {
    const language = segmentingLanguage(word, ofHan);
    if (language === null) whole.push(...wholeWord(word));
    else segmented.set(language, [...(segmented.get(language) ?? []), ...segmentedWord(word)]);
  };
  for (const language of rule.languages)
    for (const word of swearWordsOf(language, rule.level)) add(word, language === 'zh' ? 'zh' : 'ja');
  for (const word of rule.words) add(word, han);
  const forbidden = new Automaton(whole);
  const lists = {
    forbidden,
    disguised: segmented.size === 0 ? forbidden : new Automaton([...whole, ...[...segmented.values()].flat()]),
    segmented: [...segmented].map(([language, words]) => ({ language, words: new Automaton(words) })),
    allowed: plainTexts([...whitelistedTerms, ...rule.allow]),
  };
  return { scan: () => new WordScanner(lists) };
}
