// The settings of the constraints in training: for each a fixed penalty, or a multiplier that keeps a target rate.
import { z } from 'zod';

/** Far beyond what is of use, and so small that no step of a multiplier passes what a number can be. */
const MOST = 1e6;

/** The constraint that a cost model charges, beside those of the rules. */
export const HARM = 'harm';

export const ConstraintConfig = z
  .strictObject({
    price: z
      .number()
      .min(0)
      .max(MOST)
      .nullable()
      .default(null)
      .describe("Points of score for one unit of cost, or the multiplier's start. null takes the rule's own cost."),
    target: z
      .number()
      .min(-MOST)
      .max(MOST)
      .nullable()
      .default(null)
      .describe('Mean cost of an answer that is allowed: for a rule, its hits. null keeps the price fixed.'),
    learningRate: z.number().positive().max(MOST).default(0.1).describe("Step size of the multiplier's logarithm."),
    max: z.number().positive().max(MOST).default(5).describe('Cap of the multiplier.'),
    window: z.int().min(1).max(MOST).default(128).describe('Answers over which the cost is averaged.'),
    delayIterations: z
      .int()
      .min(0)
      .default(0)
      .describe(
        'Iterations before the multiplier first moves: the policy must have met the cost, and the cost must be trusted.',
      ),
  })
  .refine(({ price, target, max }) => target === null || price === null || (price > 0 && price <= max), {
    path: ['price'],
    error: 'must be above 0 and at most max where a target is set, because the multiplier grows by factors up to max',
  });
export type ConstraintConfig = z.infer<typeof ConstraintConfig>;

/** By the rule's id, or `harm` for the cost model. */
export const ConstraintConfigs = z.record(z.string(), ConstraintConfig).superRefine((all, context) => {
  for (const [name, { target }] of Object.entries(all)) {
    if (name === HARM || target === null || target >= 0) continue;
    context.addIssue({
      code: 'custom',
      path: [name, 'target'],
      message: 'must be 0 or more: a rule has no negative hits',
    });
  }
});
export type ConstraintConfigs = z.infer<typeof ConstraintConfigs>;
