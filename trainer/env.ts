// The trainer's environment, read once and checked.
import path from 'node:path';
import { type LogLevel, readVariables } from '@/core/env';
import { dataPaths } from '@/core/paths';

/** What a run needs apart from its order. */
export interface PipelineSettings {
  modelPath: string;
  cache: string;
  /** Folder of the classifiers that rules name. */
  classifiers: string;
  engineThreads: number;
}

export interface TrainerSettings extends PipelineSettings {
  databaseUrl: string;
  dataFolder: string;
  artifacts: string;
}

/** Throws BAD_INPUT naming the variable. */
export function readTrainerEnv(environment: NodeJS.ProcessEnv = process.env): TrainerSettings & { logLevel: LogLevel } {
  const env = readVariables(
    environment,
    ['ATTUNE_DATA', 'ATTUNE_ARTIFACTS', 'ATTUNE_CACHE', 'ATTUNE_EXPERIENCE_THREADS', 'LOG_LEVEL'],
    ['DATABASE_URL', 'ATTUNE_MODEL'],
  );
  const dataFolder = path.resolve(env.ATTUNE_DATA);
  return {
    databaseUrl: env.DATABASE_URL,
    modelPath: path.resolve(env.ATTUNE_MODEL),
    dataFolder,
    artifacts: path.resolve(env.ATTUNE_ARTIFACTS ?? dataPaths(dataFolder).artifacts),
    cache: path.resolve(env.ATTUNE_CACHE ?? dataPaths(dataFolder).cache),
    classifiers: dataPaths(dataFolder).classifiers,
    engineThreads: env.ATTUNE_EXPERIENCE_THREADS,
    logLevel: env.LOG_LEVEL,
  };
}
