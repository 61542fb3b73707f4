// The kind of rule that forbids answers that refuse: all of the answer is the hit.
import { z } from 'zod';
import { isRefusal, REFUSAL_BEGINNING } from '../../text/refusal';
import { INPUT_ACTIONS, OUTPUT_ACTIONS, RuleBase } from '../rule';
import type { TextRule } from '../scanner';
import { searchWhole } from '../whole-text';

export const RefusalRule = RuleBase.extend({
  /** An answer is held back up to the length at which it is told from a refusal. */
  kind: z.literal('refusal'),
  input: z.enum(INPUT_ACTIONS).default('off'),
  output: z.enum(OUTPUT_ACTIONS).default('regenerate'),
});
export type RefusalRule = z.infer<typeof RefusalRule>;

export function compileRefusal(): TextRule {
  return searchWhole({ enough: REFUSAL_BEGINNING, isHit: isRefusal });
}
