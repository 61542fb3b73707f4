// The API's response with the five figures as a zod object, with the definition of each.
import { z } from 'zod';
import { wireSchema } from '@/core/feedback/wire';

const Share = z.number().min(0).max(1);
const Spread = z.strictObject({ median: z.number(), p90: z.number(), most: z.number(), n: z.int() }).nullable();

/** Named as in code: `toWire` gives the names that are sent. */
export const FiguresFields = z.strictObject({
  votesPerPoint: z
    .strictObject({
      value: z.number().nullable().describe('null while the measured promotions gained nothing.'),
      n: z.int().describe('Promotions that were trained from votes and measured.'),
      votes: z.int(),
      points: z.number(),
    })
    .describe(
      'New votes that promoted versions learned from, for each percentage point of win rate above 50 that they have over the champions that they replaced. The win rate is that of people’s side-by-side choices at the last review of the canary, or else that of the gate.',
    ),
  rewardAccuracy: z
    .array(
      z.strictObject({
        runId: z.uuid(),
        at: z.iso.datetime(),
        accuracy: Share,
        low: Share,
        high: Share,
        n: z.int().describe('Examples that were held out.'),
      }),
    )
    .describe(
      'How often the reward model of each run prefers the answer that people preferred, on votes that it did not learn from, with Wilson’s 95 % interval; newest last.',
    ),
  voteToBehaviour: Spread.describe(
    'Seconds from a vote to the promotion of the first version that learned from it; null while there is none.',
  ),
  swapErrors: z
    .strictObject({
      swaps: z.int(),
      answers: z.int(),
      failed: z.int(),
      rate: z.strictObject({ value: Share, low: Share, high: Share }).nullable(),
    })
    .describe(
      'Share of the answers in progress when the versions that people get were exchanged, or begun within 10 seconds after, that failed. An answer never changes its version.',
    ),
  rollback: Spread.describe(
    'Seconds from the review or decision that took a version back to the end of its last answer; null while there is none.',
  ),
});

export const FiguresBody = (wireSchema(FiguresFields) as z.ZodObject).extend({ object: z.literal('figures') });
