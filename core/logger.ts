// Logs one JSON line per event, under the process's name and without secrets.
import pino, { type DestinationStream, type Logger } from 'pino';
import { AttuneError } from './errors';

export type { Logger } from 'pino';

const SECRETS = [
  'password',
  'token',
  'secret',
  'apiKey',
  'authorization',
  'cookie',
  'databaseUrl',
  'DATABASE_URL',
  'AUTH_SECRET',
];

export interface LoggerOptions {
  level?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Standard output by default. */
  destination?: DestinationStream;
}

/** `name` is the process: web, engine, trainer, supervisor. */
export function createLogger(name: string, { level = 'info', destination }: LoggerOptions = {}): Logger {
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
    serializers: {
      err: (error: Error) => ({
        ...pino.stdSerializers.err(error),
        code: error instanceof AttuneError ? error.code : undefined,
      }),
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
