// The kind of rule that forbids plain phrases: whole words, in any case and in the disguises of swear words.
import { z } from 'zod';
import { RuleBase } from '../rule';
import type { TextRule } from '../scanner';
import { findWords } from '../words/find-words';

const Phrase = z.string().trim().min(2).max(200);

export const PhrasesRule = RuleBase.extend({
  kind: z.literal('phrases'),
  phrases: z.array(Phrase).min(1).max(5000),
  /** Texts in which nothing is forbidden, although they contain a forbidden phrase. */
  allow: z.array(Phrase).max(5000).default([]),
});
export type PhrasesRule = z.infer<typeof PhrasesRule>;

export function compilePhrases({ phrases, allow }: PhrasesRule): TextRule {
  return findWords({ words: phrases, allow });
}
