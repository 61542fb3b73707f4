// Changes the product's settings key by key, and records who changed them.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { RuleSet } from '@/core/constraints/rules';
import { CanarySettings } from '@/core/rollout/canary';
import { Sampling } from '@/core/sampling';
import { Limit, RatingSettings, Settings, TriggerSettings } from '@/core/settings';
import { recordAudit } from '@/db/audit';
import { lockSettings, readSettings, writeSetting } from '@/db/settings';
import type { Product } from './product';

export { readSettings } from '@/db/settings';

/** What holds for an answer that begins now. */
export interface Serving extends Settings {
  rules: RuleSet;
}

export async function readServing({ db, rules }: Product): Promise<Serving> {
  const [settings, current] = await Promise.all([readSettings(db), rules.current()]);
  return { ...settings, rules: current };
}

/** Only settings that are present change; unknown ones are refused. */
export const SettingsPatch = z
  .strictObject({
    comparisonShare: Settings.shape.comparisonShare.unwrap(),
    holdoutShare: Settings.shape.holdoutShare.unwrap(),
    autoCanary: z.boolean(),
    canary: CanarySettings,
    publicFigures: z.boolean(),
    trigger: TriggerSettings.strict(),
    sampling: z.strictObject({
      temperature: Sampling.shape.temperature.unwrap(),
      topK: Sampling.shape.topK.unwrap(),
      topP: Sampling.shape.topP.unwrap(),
      repetitionPenalty: Sampling.shape.repetitionPenalty.unwrap(),
      maxTokens: Sampling.shape.maxTokens.unwrap(),
    }),
    systemPrompt: Settings.shape.systemPrompt.unwrap(),
    limits: z.strictObject({ user: Limit.strict().prefault({}), apiKey: Limit.strict().prefault({}) }),
    rating: RatingSettings.strict(),
  })
  .partial();
export type SettingsPatch = z.infer<typeof SettingsPatch>;

export async function writeSettings({ db }: Product, actorId: string, patch: SettingsPatch): Promise<Settings> {
  return db.transaction(async (tx) => {
    await lockSettings(tx);
    const before = await readSettings(tx);
    // The page sends its whole form; the audit names only what differs.
    const change: Partial<Settings> = Object.fromEntries(
      Object.entries(patch).filter(
        ([key, value]) => value !== undefined && !isDeepStrictEqual(value, before[key as keyof Settings]),
      ),
    );
    if (Object.keys(change).length === 0) return before;
    for (const [key, value] of Object.entries(change)) await writeSetting(tx, key, value);
    const was = Object.fromEntries(Object.keys(change).map((key) => [key, before[key as keyof Settings]]));
    await recordAudit(tx, actorId, 'settings.change', Object.keys(change).join(', '), { from: was, to: change });
    return readSettings(tx);
  });
}
