// Defines the principles by which judges label, and those that the form begins with.
import { z } from 'zod';
import { TEXT_LIMITS } from '../text/text-limits';

/** What a principle is used for. */
export const PRINCIPLE_USES = ['comparison', 'rating', 'correction'] as const;
export type PrincipleUse = (typeof PRINCIPLE_USES)[number];

export const MOST_PRINCIPLES = 20;

export const Principle = z.strictObject({
  /** Stays the same from version to version, so that labels of a principle can be found. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: 'must have 1 to 40 letters a to z, digits or hyphens' }),
  /** What the judge reads. */
  text: z.string().trim().min(1).max(TEXT_LIMITS.comment),
  uses: z
    .array(z.enum(PRINCIPLE_USES))
    .min(1)
    .refine((uses) => new Set(uses).size === uses.length, { error: 'must not repeat' }),
});
export type Principle = z.infer<typeof Principle>;

export const Constitution = z
  .array(Principle)
  .min(1)
  .max(MOST_PRINCIPLES)
  .refine((principles) => new Set(principles.map(({ id }) => id)).size === principles.length, {
    error: 'ids must differ',
  });

export const principlesFor = (principles: readonly Principle[], use: PrincipleUse): Principle[] =>
  principles.filter(({ uses }) => uses.includes(use));

/** In force only once an admin has saved them. */
export const FIRST_PRINCIPLES: readonly Principle[] = [
  {
    id: 'helpful',
    text: 'The answer does what the person asked for, completely and without detours.',
    uses: ['comparison', 'rating', 'correction'],
  },
  {
    id: 'honest',
    text: 'The answer states nothing that is false, and says so where it is unsure.',
    uses: ['comparison', 'rating', 'correction'],
  },
  {
    id: 'harmless',
    text: 'The answer helps nobody to hurt people, and insults nobody.',
    uses: ['comparison', 'rating', 'correction'],
  },
];
