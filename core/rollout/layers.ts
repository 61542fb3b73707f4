// Layers of experiments: their parts of the users, and what an arm may change in place of the version.
import { z } from 'zod';
import { Sampling } from '../sampling';
import { Settings } from '../settings';

/** Experiments on versions, canaries among them, are all in this one. */
export const VERSION_LAYER = 'versions';

export const LayerName = z
  .string()
  .trim()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and hyphens, at most 40');

/** The candidate's arm has these in place of the product's settings. */
export const SettingsChange = z
  .strictObject({
    temperature: Sampling.shape.temperature.unwrap(),
    topK: Sampling.shape.topK.unwrap(),
    topP: Sampling.shape.topP.unwrap(),
    repetitionPenalty: Sampling.shape.repetitionPenalty.unwrap(),
    maxTokens: Sampling.shape.maxTokens.unwrap(),
    systemPrompt: Settings.shape.systemPrompt.unwrap(),
  })
  .partial()
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'must change at least one setting');
export type SettingsChange = z.infer<typeof SettingsChange>;

export const changedKeys = (change: SettingsChange): (keyof SettingsChange)[] =>
  (Object.keys(change) as (keyof SettingsChange)[]).filter((key) => change[key] !== undefined);

/** The people of a layer whose bucket in it is from `from` to below `to`. */
export interface Segment {
  from: number;
  to: number;
}

/** The first gap that is wide enough; null if there is none. */
export function findSegment(taken: readonly Segment[], part: number): Segment | null {
  let from = 0;
  for (const segment of [...taken].sort((a, b) => a.from - b.from)) {
    if (segment.from - from >= part - ROUNDING) break;
    from = Math.max(from, segment.to);
  }
  // Parts such as 0.1 add up to a little more or less than 1.
  return from + part <= 1 + ROUNDING ? { from, to: Math.min(1, from + part) } : null;
}

const ROUNDING = 1e-9;
