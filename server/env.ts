// The web process's settings: the only reader of its environment.
import path from 'node:path';
import { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';

const ServerEnv = z.object({
  DATABASE_URL: z.string().min(1),
  /** Root of everything that the product keeps. */
  ATTUNE_DATA: z.string().min(1).default('.attune'),
  /** The base: a GGUF file, or a folder. */
  ATTUNE_MODEL: z.string().min(1),
  ATTUNE_ENGINE_SOCKET: z.string().min(1).optional(),
  /** The engine's limit, where it is below the model's. */
  ATTUNE_ENGINE_MAX_CONTEXT: z.coerce.number().int().positive().optional(),
  /** Signs sessions; made once and kept in the data folder when absent. */
  AUTH_SECRET: z.string().min(32).optional(),
  /** Where people reach the product. */
  BASE_URL: z.url().default('http://localhost:3000'),
  LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
});

export interface ServerSettings {
  databaseUrl: string;
  dataFolder: string;
  modelPath: string;
  engineSocket: string;
  /** null is the model's own limit. */
  maxContext: number | null;
  authSecret: string | null;
  baseUrl: string;
  logLevel: z.infer<typeof ServerEnv>['LOG_LEVEL'];
}

/** Throws BAD_INPUT naming the variable. */
export function readServerEnv(environment: NodeJS.ProcessEnv = process.env): ServerSettings {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = ServerEnv.safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new AttuneError(
      'BAD_INPUT',
      `Environment variable ${issue.path.join('.')}: ${issue.message}. Set it and start again.`,
    );
  }
  const env = parsed.data;
  const dataFolder = path.resolve(env.ATTUNE_DATA);
  return {
    databaseUrl: env.DATABASE_URL,
    dataFolder,
    modelPath: env.ATTUNE_MODEL,
    engineSocket:
      env.ATTUNE_ENGINE_SOCKET ??
      (process.platform === 'win32'
        ? '\\\\.\\pipe\\attune-engine'
        : path.join(dataPaths(dataFolder).run, 'engine.sock')),
    maxContext: env.ATTUNE_ENGINE_MAX_CONTEXT ?? null,
    authSecret: env.AUTH_SECRET ?? null,
    baseUrl: env.BASE_URL,
    logLevel: env.LOG_LEVEL,
  };
}
