// The source of a run's order and the destination of its results: the database under a lease, or a folder of files.
import type { ImportedAdapter, Manifest } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import type { RunStage } from '@/core/contract';
import type { Statement } from '@/core/verdict';
import type { Snapshot } from '@/trainer/data/snapshot';

/** Figures of one step by name. */
export type Metrics = Record<string, number>;

/** What a run in progress reports to, with the signal that ends it. */
export interface RunSink {
  readonly signal: AbortSignal;
  /** Progress inside the stage, 0..1, and seconds left, null while unknown. */
  progress(stage: RunStage, progress: number, secondsLeft: number | null): void;
  /** One point of the curves; a repeated step overwrites the figures that it repeats. */
  metrics(stage: RunStage, step: number, metrics: Metrics): void;
  /** Waits for every write so far; throws the first failure. */
  flush(): Promise<void>;
}

export interface RunOrder {
  id: string;
  createdAt: Date;
  /** As requested: fields over a preset. */
  config: Record<string, unknown>;
  parentVersionId: string;
  /** The parent's artifact; null if the parent is the base. */
  parentDirectory: string | null;
  /** The adapter from elsewhere that is judged, and its folder; null for a run that trains. */
  imported: { facts: ImportedAdapter; directory: string } | null;
}

export interface Outcome {
  status: 'done' | 'rejected';
  versionId: string;
  verdict: string;
}

/** A task of the rating workplace that still waits for answers. */
export interface OpenTask {
  id: string;
  promptIds: Int32Array;
  /** The completions to judge, at least one. */
  completions: Int32Array[];
  /** Where its prompt comes from, to cover all sources. */
  groups: string[];
  /** Answers so far. */
  answers: number;
}

export interface RunHome extends RunSink {
  readonly order: RunOrder;
  /** Folder of checkpoints, metrics and the run's manifest. */
  readonly folder: string;
  /** Where the judged version is written. */
  readonly artifacts: string;
  /** Frozen at the first call of the first attempt; every later call leaves out what people have taken back since. */
  snapshot(base: Base): Promise<Snapshot>;
  /** The constraints as stored; undefined if none have been set. */
  rules(): Promise<unknown>;
  /** Open rating tasks whose completions may be learnt from; none for a run from files. */
  openTasks(): Promise<OpenTask[]>;
  /** Raters get these tasks in this order. */
  orderTasks(ids: readonly string[]): Promise<void>;
  /** Publishes the judged version, whose artifact is already in place, with the ids of the feedback that it learned from. */
  publish(manifest: Manifest, statements: Statement[], learned: readonly string[]): Promise<Outcome>;
}

/** Reports progress inside a stage with the seconds left, estimated from what this attempt has done of it. */
export function stageProgress(sink: RunSink, stage: RunStage): (progress: number) => void {
  const start = { time: Date.now(), progress: 0, isKnown: false };
  sink.progress(stage, 0, null);
  return (progress) => {
    const seconds = (Date.now() - start.time) / 1000;
    const done = progress - start.progress;
    // A resumed stage begins in the middle: its first report is not work of this attempt.
    if (!start.isKnown) Object.assign(start, { progress, time: Date.now(), isKnown: true });
    sink.progress(stage, progress, done > 0 && seconds > 0 ? (seconds / done) * (1 - progress) : null);
  };
}
