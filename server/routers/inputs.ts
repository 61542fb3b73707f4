// The inputs that more than one procedure takes, and who waits for the answer.
import { z } from 'zod';
import { Sampling } from '@/core/sampling';

export const Id = z.strictObject({ id: z.uuid() });
export const VersionId = z.string().min(1).max(200);

/** The signal of a caller without a connection, who never goes away. */
export const forever = new AbortController().signal;

/** The client sends it with every page of a list; lists have one direction. */
export const Direction = z.literal('forward');

/** Sampling settings without their defaults: what is absent comes from the product's settings. */
export const SamplingOverride = z
  .strictObject({
    temperature: Sampling.shape.temperature.unwrap(),
    topK: Sampling.shape.topK.unwrap(),
    topP: Sampling.shape.topP.unwrap(),
    repetitionPenalty: Sampling.shape.repetitionPenalty.unwrap(),
    seed: Sampling.shape.seed,
    maxTokens: Sampling.shape.maxTokens.unwrap(),
    stop: Sampling.shape.stop.unwrap(),
  })
  .partial();
export type SamplingOverride = z.infer<typeof SamplingOverride>;
