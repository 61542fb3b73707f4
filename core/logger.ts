// Logs one JSON line per event, under the process's name and without secrets.
import pino, { type DestinationStream, type LogFn, type Logger } from 'pino';
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
    hooks: {
      // Without a sentence of its own, a line takes that of its error.
      logMethod([first, ...rest]: Parameters<LogFn>, write: LogFn) {
        const error = (first as { err?: unknown } | null)?.err;
        if (rest.length === 0 && error instanceof Error) write.call(this, first, withoutQuotes(error, error.message));
        else write.call(this, first, ...rest);
      },
    },
    serializers: {
      err: (error: Error) => {
        const { message, stack, ...more } = pino.stdSerializers.err(error);
        const code = error instanceof AttuneError ? error.code : undefined;
        return { ...more, message: withoutQuotes(error, message), stack: withoutQuotes(error, stack), code };
      },
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** A parser's message quotes what it could not read, which may be people's words; it may be a cause of the error. */
function withoutQuotes(error: Error, text: string): string {
  let hidden = text;
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (at instanceof SyntaxError) hidden = hidden.replaceAll(at.message, UNREADABLE);
  return hidden;
}

const UNREADABLE = '(what could not be read is left out)';
