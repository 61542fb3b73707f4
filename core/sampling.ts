// Declares how a token is chosen from the model's distribution: the settings that a generation row stores.
import { z } from 'zod';

export const Sampling = z.object({
  /** Divides the logits; 0 is greedy. */
  temperature: z.number().min(0).max(2).default(0.7),
  /** Keeps the k most likely tokens; 0 keeps all. */
  topK: z.int().min(0).max(1000).default(0),
  /** Keeps the smallest set whose probability reaches p. */
  topP: z.number().gt(0).max(1).default(1),
  /** Keeps tokens at least this likely relative to the most likely one, after the temperature; 0 keeps all. */
  minP: z.number().min(0).max(1).default(0),
  /** Divides positive and multiplies negative logits of tokens already seen (Keskar et al. 2019); 1 is off. */
  repetitionPenalty: z.number().min(0.5).max(2).default(1),
  /** Subtracted from the logit of every token that the answer already contains, as OpenAI defines it. */
  presencePenalty: z.number().min(-2).max(2).default(0),
  /** Subtracted once for each time that the answer already contains the token. */
  frequencyPenalty: z.number().min(-2).max(2).default(0),
  /** Added to the logits of these token ids before everything else. */
  logitBias: z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100)).default({}),
  /** Any 53-bit integer; together with the settings and the prompt it determines the answer. */
  seed: z.int().min(0),
  /** Longest answer in tokens. */
  maxTokens: z.int().min(1).max(4096).default(256),
  /** The answer ends before the first of these. */
  stop: z.array(z.string().min(1)).max(4).default([]),
});
export type Sampling = z.infer<typeof Sampling>;

/** Whether earlier tokens change the odds of the next one in addition to what the model itself reads. */
export const hasPenalty = ({
  repetitionPenalty,
  presencePenalty,
  frequencyPenalty,
}: Pick<Sampling, 'repetitionPenalty' | 'presencePenalty' | 'frequencyPenalty'>) =>
  repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;

/**
 * Whether tokens are drawn with odds other than the model's at this temperature, so that stored log-probabilities
 * mislead.
 */
export const isReshaped = (sampling: Sampling) =>
  sampling.topK > 0 ||
  sampling.topP < 1 ||
  sampling.minP > 0 ||
  hasPenalty(sampling) ||
  Object.keys(sampling.logitBias).length > 0;

export const FINISH_REASONS = ['stop', 'length', 'aborted', 'constraint', 'error'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];
