// Names the folder of each kind of data under the data folder.
import { join } from 'node:path';

export interface DataPaths {
  root: string;
  /** Bases: each a GGUF file or a transformers folder. */
  models: string;
  /** One folder per version, named by its id. */
  artifacts: string;
  /** Text classifiers that rules name, one folder each, named by its id. */
  classifiers: string;
  /** The embedded Postgres's cluster. */
  postgres: string;
  /** Sockets, pids and secrets of the running product. */
  run: string;
  /** Checkpoints, one folder per training run. */
  runs: string;
  /** Frozen data sets. */
  snapshots: string;
  /** What browsers are sending. */
  uploads: string;
  logs: string;
  /** Graphs, which can be built again. */
  cache: string;
}

/** Where a run that judges an adapter from elsewhere finds it. */
export const importFolder = (run: string) => join(run, 'imported');

export function dataPaths(root: string): DataPaths {
  return {
    root,
    models: join(root, 'models'),
    artifacts: join(root, 'artifacts'),
    classifiers: join(root, 'classifiers'),
    postgres: join(root, 'postgres'),
    run: join(root, 'run'),
    runs: join(root, 'runs'),
    snapshots: join(root, 'snapshots'),
    uploads: join(root, 'uploads'),
    logs: join(root, 'logs'),
    cache: join(root, 'cache'),
  };
}
