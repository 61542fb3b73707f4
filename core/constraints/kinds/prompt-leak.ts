// The kind of rule that forbids telling the system prompt: a long run of its letters in the text, however it is written.
import { z } from 'zod';
import { LeakScanner } from '../leak/leak-scanner';
import { SubstringIndex } from '../leak/substring-index';
import { INPUT_ACTIONS, RuleBase } from '../rule';
import type { TextRule } from '../scanner';

export const PromptLeakRule = RuleBase.extend({
  kind: z.literal('prompt-leak'),
  input: z.enum(INPUT_ACTIONS).default('off'),
  /** So many letters and digits of the prompt in a row are a leak; one of Chinese or Japanese counts as two. */
  letters: z.int().min(12).max(400).default(40),
});
export type PromptLeakRule = z.infer<typeof PromptLeakRule>;

/** The last prompts, which are the same for most answers. */
const MOST_PROMPTS = 8;

export function compilePromptLeak({ letters }: PromptLeakRule): TextRule {
  const indexes = new Map<string, SubstringIndex>();
  const indexOf = (prompt: string) => {
    const known = indexes.get(prompt);
    if (known) return known;
    if (indexes.size >= MOST_PROMPTS) indexes.clear();
    const index = new SubstringIndex(prompt);
    indexes.set(prompt, index);
    return index;
  };
  return {
    scan: ({ input, systemPrompt }) =>
      new LeakScanner(indexOf(systemPrompt ?? ''), new SubstringIndex(input ?? ''), letters),
  };
}
