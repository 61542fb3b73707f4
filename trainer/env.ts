// The trainer's environment, read once and checked.
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { AttuneError } from '@/core/errors';

const TrainerEnv = z.object({
  DATABASE_URL: z.string().min(1),
  /** The base: a GGUF file or a folder with safetensors. */
  ATTUNE_MODEL: z.string().min(1),
  /** Folder of snapshots, runs and artifacts. */
  ATTUNE_DATA: z.string().min(1).default('.attune'),
  ATTUNE_ARTIFACTS: z.string().min(1).optional(),
  /** Folder for what can be built again. */
  ATTUNE_CACHE: z.string().min(1).optional(),
  /** Threads of the private engine that samples experience; native training waits meanwhile. */
  ATTUNE_EXPERIENCE_THREADS: z.coerce.number().int().min(1).default(Math.min(2, os.availableParallelism())),
});

/** What a run needs besides its order. */
export interface PipelineSettings {
  modelPath: string;
  cache: string;
  engineThreads: number;
}

export interface TrainerSettings extends PipelineSettings {
  databaseUrl: string;
  dataFolder: string;
  artifacts: string;
}

/** Throws BAD_INPUT naming the variable. */
export function readTrainerEnv(environment: NodeJS.ProcessEnv = process.env): TrainerSettings {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = TrainerEnv.safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = issue.path.join('.');
    throw new AttuneError('BAD_INPUT', `Environment variable ${name}: ${issue.message}. Set it and start again.`);
  }
  const env = parsed.data;
  const dataFolder = path.resolve(env.ATTUNE_DATA);
  return {
    databaseUrl: env.DATABASE_URL,
    modelPath: path.resolve(env.ATTUNE_MODEL),
    dataFolder,
    artifacts: path.resolve(env.ATTUNE_ARTIFACTS ?? path.join(dataFolder, 'artifacts')),
    cache: path.resolve(env.ATTUNE_CACHE ?? path.join(dataFolder, 'cache')),
    engineThreads: env.ATTUNE_EXPERIENCE_THREADS,
  };
}
