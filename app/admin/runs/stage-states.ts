// Derives the state of each stage of a run from the run's current stage and status.
import { RUN_STAGES, type RunStage, type RunStatus } from '@/core/contract';

export type StageState =
  | 'done'
  | 'current'
  | 'waiting'
  /** The run ended here. */
  | 'failed'
  | 'cancelled'
  /** The gates rejected the version. */
  | 'refused'
  /** Nothing was released. */
  | 'withheld';

interface RunState {
  status: RunStatus;
  stage: string | null;
}

/** `stages` are those that the run goes through; the order of RUN_STAGES decides which are over. */
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
