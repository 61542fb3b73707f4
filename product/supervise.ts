// Keeps the product's processes running: one log with a column for each, restart with back-off, one clean end for all.
import { type ChildProcess, spawn } from 'node:child_process';
import os from 'node:os';
import { createInterface } from 'node:readline';
import pc from 'picocolors';

export interface ProcessPlan {
  name: string;
  /** Arguments of this same Node. */
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Scheduling niceness, 0 (the default) to 19: a nicer process computes with what the others leave. */
  niceness?: number;
}

export interface Supervisor {
  /** The process id now serving under the name; undefined between a crash and the restart. */
  pid(name: string): number | undefined;
  /** SIGTERM to all, SIGKILL to what is left after the grace. */
  stop(): Promise<void>;
}

/** The first restart is immediate, so that an answer in flight goes on within seconds; then the delay doubles. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 30_000;
/** A process that lived this long is healthy: its next crash starts from the first delay again. */
const HEALTHY_MS = 60_000;
const STOP_GRACE_MS = 10_000;

const colours = [pc.cyan, pc.magenta, pc.yellow, pc.blue];

/** Starts every plan at once. `write` gets whole lines; `graceMs` lies between SIGTERM and SIGKILL. */
export function supervise(plans: ProcessPlan[], write: (line: string) => void, graceMs = STOP_GRACE_MS): Supervisor {
  const children = new Map<string, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  let stopping = false;
  const width = Math.max(...plans.map((plan) => plan.name.length));

  const start = (plan: ProcessPlan, index: number, failures: number) => {
    const startedAt = Date.now();
    // The IPC channel is the leash: a child whose supervisor vanishes sees `disconnect` and ends.
    const child = spawn(process.execPath, plan.args, { env: plan.env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    children.set(plan.name, child);
    // At once: on Linux it is a thread's own, and the threads made later take it from the first one.
    if (plan.niceness && child.pid) os.setPriority(child.pid, plan.niceness);
    const column = colours[index % colours.length]!(`${plan.name.padEnd(width)} │ `);
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => write(column + readable(line)));
    }
    child.on('exit', (code, signal) => {
      children.delete(plan.name);
      if (stopping) return;
      const lived = Date.now() - startedAt;
      const again = lived > HEALTHY_MS ? 0 : failures;
      const delay = Math.min(FIRST_DELAY_MS * 4 ** again, LONGEST_DELAY_MS);
      write(`${column}ended (${signal ?? `exit code ${code}`}); starting it again in ${delay} ms`);
      const timer = setTimeout(() => {
        timers.delete(timer);
        start(plan, index, again + 1);
      }, delay);
      timers.add(timer);
    });
  };
  for (const [index, plan] of plans.entries()) start(plan, index, 0);

  return {
    pid: (name) => children.get(name)?.pid,
    async stop() {
      stopping = true;
      for (const timer of timers) clearTimeout(timer);
      const ended = [...children.values()].map(
        (child) =>
          new Promise<void>((resolve) =>
            child.exitCode !== null || child.signalCode ? resolve() : child.once('exit', () => resolve()),
          ),
      );
      for (const child of children.values()) child.kill('SIGTERM');
      const killer = setTimeout(() => {
        for (const child of children.values()) child.kill('SIGKILL');
      }, graceMs);
      await Promise.all(ended);
      clearTimeout(killer);
    },
  };
}

/** By the names that `createLogger` writes; `info` needs no word. */
const LEVELS: Record<string, string> = {
  trace: 'trace ',
  debug: 'debug ',
  warn: pc.yellow('warn '),
  error: pc.red('error '),
  fatal: pc.red('fatal '),
};

/** pino's JSON as a sentence with its fields behind it; any other line as it is. */
export function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const {
      level,
      time: _time,
      pid: _pid,
      hostname: _host,
      name: _name,
      process: _process,
      msg,
      ...fields
    } = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.entries(fields).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    return `${LEVELS[String(level)] ?? ''}${msg ?? ''}${rest.length ? pc.dim(`  ${rest.join(' ')}`) : ''}`;
  } catch {
    return line;
  }
}
