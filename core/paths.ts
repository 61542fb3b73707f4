// Where each kind of data lies under the data folder.
import { join } from 'node:path';

export interface DataPaths {
  root: string;
  /** Bases: a GGUF file or a transformers folder each. */
  models: string;
  /** One folder a version, named by its id. */
  artifacts: string;
  /** The embedded Postgres' cluster. */
  postgres: string;
  /** Sockets, pids and secrets of the running product. */
  run: string;
  /** Checkpoints, a folder for each training run. */
  runs: string;
  /** Frozen data sets. */
  snapshots: string;
  logs: string;
  /** What can be built again: graphs. */
  cache: string;
}

export function dataPaths(root: string): DataPaths {
  return {
    root,
    models: join(root, 'models'),
    artifacts: join(root, 'artifacts'),
    postgres: join(root, 'postgres'),
    run: join(root, 'run'),
    runs: join(root, 'runs'),
    snapshots: join(root, 'snapshots'),
    logs: join(root, 'logs'),
    cache: join(root, 'cache'),
  };
}
