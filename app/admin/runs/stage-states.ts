// What has become of each stage of a run, from where the run is and how it ended.
import { RUN_STAGES, type RunStage, type RunStatus } from '@/core/contract';

export type StageState =
  | 'done'
  | 'current'
  | 'waiting'
  /** The run ended here. */
  | 'failed'
  | 'cancelled'
  /** The gates turned the version down. */
  | 'refused'
  /** Nothing was released. */
  | 'withheld';

interface RunState {
  status: RunStatus;
  stage: string | null;
}

/** `stages` are those that the run goes through; the ones behind it and before it follow the order of all. */
export function stageStates(stages: readonly RunStage[], { status, stage }: RunState): StageState[] {
  const placeOf = (name: string | null) => RUN_STAGES.indexOf(name as RunStage);
  const at = Math.max(placeOf(stage), placeOf(stages[0] ?? null));
  return stages.map((name): StageState => {
    if (status === 'done') return 'done';
    if (status === 'rejected') return name === 'publish' ? 'withheld' : name === 'parity' ? 'refused' : 'done';
    const place = placeOf(name);
    if (place !== at) return place < at ? 'done' : 'waiting';
    if (status === 'running') return 'current';
    return status === 'queued' ? 'waiting' : status;
  });
}
