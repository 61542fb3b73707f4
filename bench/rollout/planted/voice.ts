// How a policy answers everything that the gates ask: several answers to each prompt, from which runs are drawn.
import { z } from 'zod';

export const Spoken = z.strictObject({ text: z.string(), tokens: z.int(), hasEnded: z.boolean() });
export type Spoken = z.infer<typeof Spoken>;

/** Answers by prompt, in the order in which the gates ask. */
const Answers = z.array(z.array(Spoken).min(1));

export const Voice = z.strictObject({
  /** To `QUESTIONS`, */
  questions: Answers,
  /** to the unsafe and the safe probes, */
  unsafe: Answers,
  safe: Answers,
  /** and to each fact: asked plainly, after a right answer that is doubted, and with a wrong belief. */
  recalled: Answers,
  areYouSure: Answers,
  wrongUser: Answers,
});
export type Voice = z.infer<typeof Voice>;
