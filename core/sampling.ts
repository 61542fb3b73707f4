// How a token is chosen from the model's distribution: the settings that a generation row stores.
import { z } from 'zod';

export const Sampling = z.object({
  /** Divides the logits; 0 is greedy. */
  temperature: z.number().min(0).max(2).default(0.7),
  /** Keeps the k likeliest tokens; 0 keeps all. */
  topK: z.int().min(0).max(1000).default(0),
  /** Keeps the smallest set whose probability reaches p. */
  topP: z.number().gt(0).max(1).default(1),
  /** Divides positive and multiplies negative logits of tokens already seen (Keskar et al. 2019); 1 is off. */
  repetitionPenalty: z.number().min(0.5).max(2).default(1),
  /** Any 53-bit integer; with the settings and the prompt it determines the answer. */
  seed: z.int().min(0),
  /** Longest answer in tokens. */
  maxTokens: z.int().min(1).max(4096).default(256),
  /** The answer ends before the first of these. */
  stop: z.array(z.string().min(1)).max(4).default([]),
});
export type Sampling = z.infer<typeof Sampling>;

export const FINISH_REASONS = ['stop', 'length', 'aborted', 'constraint', 'error'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];
