// Says when a run will start by itself, and what each trigger still waits for.
import { decideTrigger, type TriggerDecision } from '@/core/runs/trigger';
import { readDrift, readTriggerState } from '@/db/runs/trigger';
import { readSettings } from '@/db/settings';
import type { Product } from '../product';

export async function readTrigger({ db }: Product): Promise<TriggerDecision> {
  const { trigger: setting } = await readSettings(db);
  const drift = setting.onDrift ? await readDrift(db) : null;
  return decideTrigger({ setting, drift, ...(await readTriggerState(db)) });
}
