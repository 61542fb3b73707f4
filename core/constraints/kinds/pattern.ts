// The kind of rule that forbids what a regular expression matches.
import { z } from 'zod';
import { foldCharacter } from '../patterns/fold';
import { searchPatterns } from '../patterns/pattern-scanner';
import { compilePattern } from '../patterns/program';
import { RuleBase } from '../rule';
import type { TextRule } from '../scanner';

export const PatternRule = RuleBase.extend({
  kind: z.literal('pattern'),
  /** In RE2's syntax. It reads full-width characters as plain ones, and passes over those without a width. */
  pattern: z
    .string()
    .min(1)
    .max(1000)
    .superRefine((pattern, context) => {
      try {
        compilePattern(pattern, { ignoreCase: false });
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
      }
    }),
  ignoreCase: z.boolean().default(true),
  /** Characters of the longest match, and so the most that a stream is held back. Of a longer match, the last so many are hit. */
  longest: z.int().min(1).max(1000).default(100),
});
export type PatternRule = z.infer<typeof PatternRule>;

export function compilePatternRule({ pattern, ignoreCase, longest }: PatternRule): TextRule {
  return searchPatterns([{ program: compilePattern(pattern, { ignoreCase }), longest, fold: foldCharacter }]);
}
