// Declares the product's settings and their defaults.
import { z } from 'zod';
import { PRESET_NAMES } from './config/presets';
import { CanarySettings } from './rollout/canary';
import { Sampling } from './sampling';
import { TEXT_LIMITS } from './text/text-limits';

const SamplingDefaults = z.object({
  temperature: Sampling.shape.temperature,
  topK: Sampling.shape.topK,
  topP: Sampling.shape.topP,
  repetitionPenalty: Sampling.shape.repetitionPenalty,
  maxTokens: Sampling.shape.maxTokens,
});

/** Any of them starts a run; none does while one waits or trains, or without feedback that is not yet used. */
export const TriggerSettings = z.object({
  /** Starts a run after this much feedback that is not yet used; null never. */
  feedbackCount: z.int().min(1).nullable(),
  /** Starts a run this many hours after the last; null never. */
  scheduleHours: z.number().positive().nullable(),
  /** Starts a run every day at this hour, UTC; null never. */
  scheduleHour: z.int().min(0).max(23).nullable().default(null),
  /** Starts a run when people like the champion less than they did at first (core/runs/drift.ts). */
  onDrift: z.boolean().default(false),
  /** The settings of a run that is started so. */
  preset: z.enum(PRESET_NAMES).default('demo-cpu'),
});
export type TriggerSettings = z.infer<typeof TriggerSettings>;

/** What one person or one API key may use. */
export const Limit = z.object({
  requestsPerMinute: z.int().min(1).max(1_000_000).default(600),
  /** Prompts and answers together. */
  tokensPerMinute: z.int().min(1).max(1_000_000_000).default(300_000),
  /** Answers that may run at once. */
  concurrent: z.int().min(1).max(1000).default(32),
});
/** A person's limits also count what their keys use. */
const Limits = z.object({ user: Limit.prefault({}), apiKey: Limit.prefault({}) });
export type Limits = z.infer<typeof Limits>;

/** How work is handed out at /rate. */
export const RatingSettings = z.object({
  /** After this time another rater may get the task. */
  lockMinutes: z.int().min(1).max(1440).default(15),
  /** Share of new tasks that several raters get, and how many raters that is. */
  overlapShare: z.number().min(0).max(1).default(0.2),
  overlapRaters: z.int().min(2).max(20).default(3),
  /** Share of what a rater gets that is a check with a known answer. */
  goldShare: z.number().min(0).max(0.5).default(0.05),
  /** Share of what a rater gets that the same rater has answered before. */
  repeatShare: z.number().min(0).max(0.5).default(0.03),
  /** Raters read texts without the addresses and numbers of people in them. */
  hidePersonalData: z.boolean().default(true),
});
export type RatingSettings = z.infer<typeof RatingSettings>;

export const Settings = z.object({
  /** Share of the turns that ask for two answers to compare. */
  comparisonShare: z.number().min(0).max(1).default(0.1),
  /** A version that has passed its gates goes to users step by step, and is taken back by itself if it does them harm. */
  autoCanary: z.boolean().default(false),
  /** Of a canary that begins by itself; one that a person begins starts from them. */
  canary: CanarySettings.prefault({}),
  /** Share of the users whom no experiment and no canary ever touches. */
  holdoutShare: z.number().min(0).max(0.5).default(0),
  trigger: TriggerSettings.prefault({ feedbackCount: null, scheduleHours: null }),
  /** Everyone may read the five figures (core/figures). */
  publicFigures: z.boolean().default(false),
  sampling: SamplingDefaults.prefault({}),
  /** null keeps the model's own. */
  systemPrompt: z.string().max(TEXT_LIMITS.systemPrompt).nullable().default(null),
  limits: Limits.prefault({}),
  rating: RatingSettings.prefault({}),
});
export type Settings = z.infer<typeof Settings>;
