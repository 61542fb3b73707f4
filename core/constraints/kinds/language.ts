// The kind of rule that forbids a language: one that is not among those named, or not that of the question.
import { z } from 'zod';
import { languageOf, UNKNOWN } from '../../text/language';
import { INPUT_ACTIONS, OUTPUT_ACTIONS, RuleBase } from '../rule';
import type { Context, TextRule } from '../scanner';
import { searchWhole } from '../whole-text';

/** So much of a text tells its language. */
const ENOUGH = 240;

export const LanguageRule = RuleBase.extend({
  /** Texts too short to tell break no rule. An answer is held back until its language can be told. */
  kind: z.literal('language'),
  input: z.enum(INPUT_ACTIONS).default('off'),
  output: z.enum(OUTPUT_ACTIONS).default('regenerate'),
  /** Codes of ISO 639-1; empty stands for the language of the message that is answered. */
  languages: z
    .array(z.string().regex(/^[a-z]{2}$/, 'Use two letters, as "en" or "ja".'))
    .max(50)
    .default([]),
});
export type LanguageRule = z.infer<typeof LanguageRule>;

export function compileLanguage({ languages }: LanguageRule): TextRule {
  const allowed = ({ input }: Context) => (languages.length > 0 ? languages : input ? [languageOf(input)] : []);
  return searchWhole({
    enough: ENOUGH,
    isHit: (text, context) => {
      const wanted = allowed(context);
      const language = languageOf(text);
      return language !== UNKNOWN && wanted.length > 0 && !wanted.includes(UNKNOWN) && !wanted.includes(language);
    },
  });
}
