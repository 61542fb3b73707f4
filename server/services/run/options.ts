// Gathers what a form for starting a run offers: presets, settings, and the feedback at hand.
import { type SettingField, settingFields } from '@/core/config/fields';
import { MEASURED, type Measured } from '@/core/config/measured';
import { type PipelineConfig, PRESET_NAMES, PRESETS, type PresetName } from '@/core/config/presets';
import { type Estimate, estimateSeconds } from '@/core/runs/estimate';
import { ADVISED_VOTES, type AtHand } from '@/core/runs/needs';
import { LEAST_PROMPTS } from '@/core/snapshot/least';
import { countUnusedFeedback } from '@/db/feedback/unused-feedback';
import { readTrainerReport } from '@/db/settings';
import type { Product } from '../product';
import { countAtHand } from './at-hand';
import { examplesOf } from './check';
import { identityOf, readPastRuns } from './past';
import { find } from './run';

export interface RunOptions {
  presets: {
    name: PresetName;
    settings: PipelineConfig;
    estimate: Estimate | null;
    measured: Measured | null;
  }[];
  /** The one that suits the trainer's device. */
  advised: PresetName;
  fields: SettingField[];
  atHand: AtHand;
  /** Feedback that no judged run has seen. */
  unused: number;
  needed: { votes: number; prompts: number };
  /** The order of the run that is to be repeated. */
  config: Record<string, unknown> | null;
}

/** Any age: a trainer that is away keeps its device. */
const FRESH_SECONDS = 0;

export async function readOptions({ db }: Product, repeatId: string | null): Promise<RunOptions> {
  const [atHand, unused, past, trainer, repeated] = await Promise.all([
    countAtHand(db),
    countUnusedFeedback(db),
    readPastRuns(db),
    readTrainerReport(db, FRESH_SECONDS),
    repeatId === null ? null : find(db, repeatId),
  ]);
  const examples = examplesOf(atHand);
  return {
    presets: PRESET_NAMES.map((name) => ({
      name,
      settings: PRESETS[name],
      estimate: estimateSeconds(past, { ...identityOf({ preset: name }), examples }),
      measured: MEASURED[name],
    })),
    advised: /gpu|cuda/i.test(trainer?.report.device ?? '') ? 'gpu' : 'demo-cpu',
    fields: settingFields(),
    ...{ atHand, unused },
    needed: { votes: ADVISED_VOTES, prompts: LEAST_PROMPTS },
    config: repeated?.config ?? null,
  };
}
