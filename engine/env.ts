// The engine process's settings, read from and written to the environment.
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { AttuneError } from '@/core/errors';

const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);

export const EngineEnv = z.object({
  /** The base: a GGUF file or a folder with safetensors. */
  ATTUNE_MODEL: z.string().min(1),
  /** Folder of the versions' artifact directories. */
  ATTUNE_ARTIFACTS: z.string().min(1).default('.attune/artifacts'),
  /** Folder for what can be built again: graphs. */
  ATTUNE_CACHE: z.string().min(1).default('.attune/cache'),
  /** Path of the Unix socket, or name of the Windows pipe. */
  ATTUNE_ENGINE_SOCKET: z
    .string()
    .min(1)
    .default(process.platform === 'win32' ? '\\\\.\\pipe\\attune-engine' : '.attune/run/engine.sock'),
  ATTUNE_ENGINE_PRECISION: z.enum(['int8', 'fp32']).default('int8'),
  ATTUNE_ENGINE_THREADS: count(Math.min(4, os.availableParallelism())),
  /** Idle threads spin: faster by a sixth alone and by a tenth beside a trainer that is nice, slower beside an equal one. */
  ATTUNE_ENGINE_SPINNING: z.stringbool().default(true),
  /** An answer alone is drafted from its own text and verified several tokens a run. */
  ATTUNE_ENGINE_SPECULATES: z.stringbool().default(true),
  /** Largest LoRA rank of a version. */
  ATTUNE_ENGINE_MAX_RANK: count(64),
  /** Adapters held in memory at once, about 20 MB each at rank 16. */
  ATTUNE_ENGINE_VERSIONS: count(8),
  /** Memory for keys and values of what has been read, for requests that begin alike; 0 keeps nothing. */
  ATTUNE_ENGINE_PREFIX_MIB: z.coerce.number().int().min(0).default(256),
  /** Longest prompt plus answer in tokens; the model's own limit when absent. */
  ATTUNE_ENGINE_MAX_CONTEXT: z.coerce.number().int().positive().optional(),
  /** Answers computed together. */
  ATTUNE_ENGINE_ROWS: count(16),
  /** Requests that may wait; the next one is refused. */
  ATTUNE_ENGINE_QUEUE: count(64),
});
export type EngineEnv = z.infer<typeof EngineEnv>;

/** Throws BAD_INPUT naming the variable. */
export function readEngineEnv(environment: Record<string, string | undefined> = process.env): EngineEnv {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = EngineEnv.safeParse(set);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new AttuneError(
    'BAD_INPUT',
    `Environment variable ${issue.path.join('.')}: ${issue.message}. Set it and start again.`,
  );
}

export interface EngineProcessOptions {
  modelPath: string;
  artifacts: string;
  cache: string;
  socketPath: string;
  precision?: 'int8' | 'fp32';
  threads?: number;
  spinning?: boolean;
  speculates?: boolean;
  maxContext?: number;
  maxRows?: number;
  maxWaiting?: number;
  maxVersions?: number;
  /** 0 keeps nothing: an answer then does not depend, in its last bits, on what was asked before. */
  prefixMib?: number;
}

/** The environment of a child process with these settings; everything else is inherited. */
export function engineEnvironment(options: EngineProcessOptions): NodeJS.ProcessEnv {
  const text = (value: number | boolean | undefined) => (value === undefined ? '' : String(value));
  return {
    ...process.env,
    ATTUNE_MODEL: path.resolve(options.modelPath),
    ATTUNE_ARTIFACTS: path.resolve(options.artifacts),
    ATTUNE_CACHE: path.resolve(options.cache),
    ATTUNE_ENGINE_SOCKET: options.socketPath,
    ATTUNE_ENGINE_PRECISION: options.precision ?? '',
    ATTUNE_ENGINE_THREADS: text(options.threads),
    ATTUNE_ENGINE_SPINNING: text(options.spinning),
    ATTUNE_ENGINE_SPECULATES: text(options.speculates),
    ATTUNE_ENGINE_MAX_CONTEXT: text(options.maxContext),
    ATTUNE_ENGINE_ROWS: text(options.maxRows),
    ATTUNE_ENGINE_QUEUE: text(options.maxWaiting),
    ATTUNE_ENGINE_VERSIONS: text(options.maxVersions),
    ATTUNE_ENGINE_PREFIX_MIB: text(options.prefixMib),
  };
}
