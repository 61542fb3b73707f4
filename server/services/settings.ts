// The product's settings: read whole, changed key by key.
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { DEFAULT_RULES, RuleSet } from '@/core/constraints/rules';
import { Sampling } from '@/core/sampling';
import type { Executor } from '@/db/client';
import { setting } from '@/db/schema';
import { record } from './audit';
import type { Product } from './product';

const SamplingDefaults = z.object({
  temperature: Sampling.shape.temperature,
  topK: Sampling.shape.topK,
  topP: Sampling.shape.topP,
  repetitionPenalty: Sampling.shape.repetitionPenalty,
  maxTokens: Sampling.shape.maxTokens,
});
const Trigger = z.object({
  /** Starts a run after this much new feedback; null never. */
  feedbackCount: z.int().min(1).nullable(),
  /** Starts a run this many hours after the last; null never. */
  scheduleHours: z.number().positive().nullable(),
});

/** Of one person or one API key. */
const Limit = z.object({
  requestsPerMinute: z.int().min(1).max(1_000_000).default(600),
  /** Prompts and answers together. */
  tokensPerMinute: z.int().min(1).max(1_000_000_000).default(300_000),
  /** Answers that run at once. */
  concurrent: z.int().min(1).max(1000).default(32),
});
/** A person's count what their keys use, too. */
const Limits = z.object({ user: Limit.prefault({}), apiKey: Limit.prefault({}) });
export type Limits = z.infer<typeof Limits>;

/** What the key is when nobody has set it. */
export const Settings = z.object({
  /** Share of the turns that ask for two answers to compare. */
  comparisonShare: z.number().min(0).max(1).default(0.1),
  /** The trainer promotes a version that has passed its gates, over the champion that it was trained from. */
  autoPromote: z.boolean().default(false),
  trigger: Trigger.default({ feedbackCount: null, scheduleHours: null }),
  sampling: SamplingDefaults.prefault({}),
  /** Its version grows by one with every change, whatever the change says. */
  constraints: RuleSet.default(DEFAULT_RULES),
  /** null leaves the model's own. */
  systemPrompt: z.string().max(8000).nullable().default(null),
  limits: Limits.prefault({}),
});
export type Settings = z.infer<typeof Settings>;

/** Only what is present changes. */
export const SettingsPatch = z
  .object({
    comparisonShare: Settings.shape.comparisonShare.unwrap(),
    autoPromote: z.boolean(),
    trigger: Trigger,
    sampling: z.object({
      temperature: Sampling.shape.temperature.unwrap(),
      topK: Sampling.shape.topK.unwrap(),
      topP: Sampling.shape.topP.unwrap(),
      repetitionPenalty: Sampling.shape.repetitionPenalty.unwrap(),
      maxTokens: Sampling.shape.maxTokens.unwrap(),
    }),
    constraints: RuleSet,
    systemPrompt: z.string().max(8000).nullable(),
    limits: Limits,
  })
  .partial();
export type SettingsPatch = z.infer<typeof SettingsPatch>;

export async function readSettings(db: Executor): Promise<Settings> {
  const rows = await db.select().from(setting);
  return Settings.parse(Object.fromEntries(rows.map((row) => [row.key, row.value])));
}

export async function writeSettings({ db }: Product, actorId: string, patch: SettingsPatch): Promise<Settings> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${setting} in share row exclusive mode`);
    const before = await readSettings(tx);
    const change: Partial<Settings> = Object.fromEntries(
      Object.entries(patch).filter(([, value]) => value !== undefined),
    );
    if (change.constraints) change.constraints = { ...change.constraints, version: before.constraints.version + 1 };
    for (const [key, value] of Object.entries(change)) {
      // The driver turns a bare null into SQL's; JSON's own null is meant.
      const json = sql`${JSON.stringify(value)}::jsonb`;
      await tx
        .insert(setting)
        .values({ key, value: json })
        .onConflictDoUpdate({ target: setting.key, set: { value: json, updatedAt: sql`now()` } });
    }
    const was = Object.fromEntries(Object.keys(change).map((key) => [key, before[key as keyof Settings]]));
    await record(tx, actorId, 'settings.change', Object.keys(change).join(', '), { from: was, to: change });
    return readSettings(tx);
  });
}
