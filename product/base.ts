// Finds or fetches the base that the settings name, and loads it.
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { dataPaths } from '@/core/paths';
import { env } from './env';
import { findWeights } from './setup/weights';

/** `model` takes precedence over ATTUNE_MODEL; without either it is the default base. */
export async function loadChosenBase(model = env.ATTUNE_MODEL): Promise<{ modelPath: string; base: Base }> {
  const { path } = await findWeights({
    model,
    modelsFolder: dataPaths(env.dataFolder).models,
    hubUrl: env.HF_ENDPOINT,
    hubToken: env.HF_TOKEN,
    progress: () => {},
  });
  return { modelPath: path, base: await loadBase(path) };
}
