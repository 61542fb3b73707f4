// The kind of rule that forbids saying the same thing again and again, from the first time too many.
import { z } from 'zod';
import { RepetitionScanner } from '../repetition-scanner';
import { INPUT_ACTIONS, RuleBase } from '../rule';
import type { TextRule } from '../scanner';

export const RepetitionRule = RuleBase.extend({
  kind: z.literal('repetition'),
  input: z.enum(INPUT_ACTIONS).default('off'),
  /** How often a sentence, or words in a row, may be said. */
  times: z.int().min(1).max(20).default(2),
});
export type RepetitionRule = z.infer<typeof RepetitionRule>;

export function compileRepetition({ times }: RepetitionRule): TextRule {
  return { scan: () => new RepetitionScanner(times) };
}
