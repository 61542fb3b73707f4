// Declares the options with which a product is brought up.
export interface ProductOptions {
  dataFolder: string;
  /** Models and native libraries; shared between data folders. */
  sharedFolder: string;
  /** 0 takes a free port. */
  port: number;
  model?: string;
  databaseUrl?: string;
  dev?: boolean;
  /** `none` starts without the trainer, for tests that do not train. */
  trainer?: 'native' | 'none';
  threads: number;
  write: (line: string) => void;
  /** Cancels a start in progress and ends everything that it has started. */
  signal?: AbortSignal;
}
