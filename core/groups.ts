// What people may say of themselves, if they like: the questions, their answers, and how a set of answers is checked.
import { z } from 'zod';

/** Questions and their answers; all are optional. Runs name them in `targetMix`. */
export const SELF_GROUPS = {
  age: ['under-30', '30-44', '45-59', '60+'],
  use: ['work', 'study', 'home'],
  experience: ['new', 'some', 'daily'],
} as const;
export type SelfGroup = keyof typeof SELF_GROUPS;
export const SELF_GROUP_NAMES = Object.keys(SELF_GROUPS) as SelfGroup[];
export const isSelfGroup = (name: string): name is SelfGroup => Object.hasOwn(SELF_GROUPS, name);

/** A question without an answer is left out. */
export const SelfGroups = z.strictObject({
  age: z.enum(SELF_GROUPS.age).optional(),
  use: z.enum(SELF_GROUPS.use).optional(),
  experience: z.enum(SELF_GROUPS.experience).optional(),
});
export type SelfGroups = z.infer<typeof SelfGroups>;
