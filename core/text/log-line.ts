// Turns a line of a process's log into one for people: a sentence with its fields, and errors without long stacks.
import pc from 'picocolors';
import { printable } from './printable';

/** The word for each level name that `createLogger` writes; `info` needs none. */
const LEVELS: Record<string, string> = {
  trace: 'trace ',
  debug: 'debug ',
  warn: pc.yellow('warn '),
  error: pc.red('error '),
  fatal: pc.red('fatal '),
};

const MOST_CHARACTERS = 500;
/** Number of frames of Attune's own code to show for a bug. */
const FRAMES = 3;

/** pino's JSON as a sentence followed by its fields; any other line unchanged. */
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

/** What happened and, if it is a bug in Attune, where in the code. */
function describe({ code, message = '', stack = '' }: LoggedError, isFault: boolean): string {
  const sentence = `err=${code ? `${code}: ` : ''}${message}`.slice(0, MOST_CHARACTERS);
  if (!isFault || (code && code !== 'INTERNAL')) return sentence;
  const frames = stack.split('\n').filter((text) => /^\s+at /.test(text) && !text.includes('node_modules'));
  return [sentence, ...frames.slice(0, FRAMES).map((text) => text.trim())].join(' ');
}
