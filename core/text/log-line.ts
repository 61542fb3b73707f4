// Turns a line of a process's log into one that a person reads: a sentence with its fields, errors without kilobytes of stack.
import pc from 'picocolors';
import { printable } from './printable';

/** By the names that `createLogger` writes; `info` needs no word. */
const LEVELS: Record<string, string> = {
  trace: 'trace ',
  debug: 'debug ',
  warn: pc.yellow('warn '),
  error: pc.red('error '),
  fatal: pc.red('fatal '),
};

const MOST_CHARACTERS = 500;
/** Frames of our own code that help to find a bug. */
const FRAMES = 3;

/** pino's JSON as a sentence with its fields behind it; any other line as it is. */
export function readable(line: string): string {
  const event = parse(line);
  if (!event) return printable(line);
  const { level, time: _time, pid: _pid, hostname: _host, name: _name, process: _process, msg, err, ...fields } = event;
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  if (err) rest.push(describe(err as LoggedError, level === 'error' || level === 'fatal'));
  const behind = rest.length ? pc.dim(`  ${printable(rest.join(' '))}`) : '';
  return `${LEVELS[String(level)] ?? ''}${printable(String(msg ?? ''))}${behind}`;
}

function parse(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

interface LoggedError {
  code?: string;
  message?: string;
  stack?: string;
}

/** What happened, and the place in the code where it is a fault of ours. */
function describe({ code, message = '', stack = '' }: LoggedError, isFault: boolean): string {
  const sentence = `err=${code ? `${code}: ` : ''}${message}`.slice(0, MOST_CHARACTERS);
  if (!isFault || (code && code !== 'INTERNAL')) return sentence;
  const frames = stack.split('\n').filter((text) => /^\s+at /.test(text) && !text.includes('node_modules'));
  return [sentence, ...frames.slice(0, FRAMES).map((text) => text.trim())].join(' ');
}
