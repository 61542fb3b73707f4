// Names what each preset is for, and how long it took where this project measured it.
import type { PresetName } from './presets';

export interface Measured {
  minutes: number;
  votes: number;
  /** Processor cores of the machine. */
  cores: number;
}

/** bench/results/simulate.json, which times the whole loop; null where no run of the preset was timed. */
export const MEASURED: Record<PresetName, Measured | null> = {
  tiny: null,
  'demo-cpu': { minutes: 14, votes: 224, cores: 2 },
  cpu: null,
  gpu: null,
};
