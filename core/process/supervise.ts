// Keeps a product's processes running: one log that labels each line, restarts with back-off, one clean end for all.
import { type ChildProcess, spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { readable } from '@/core/text/log-line';

export interface ProcessPlan {
  name: string;
  /** Arguments for the Node that runs this process. */
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Scheduling niceness, 0 (the default) to 19: a nicer process gets the processor time that the others leave. */
  niceness?: number;
  /** Keeps it out of the terminal's process group, so that Ctrl-C reaches it only through `stop`. */
  detached?: boolean;
  /** Lines that a library writes and that say nothing to people: they are left out of the log. */
  chatter?: RegExp;
  /** Called when the process ends unexpectedly, with the last lines that it wrote. */
  onCrash?: (lastLines: string[]) => void;
}

export interface Supervisor {
  /** The process id now serving under the name; undefined between a crash and the restart. */
  pid(name: string): number | undefined;
  /**
   * Resolves with the name of a process that a person ended by SIGTERM, SIGINT or SIGHUP: the caller then ends the
   * rest.
   */
  ended: Promise<string>;
  /** Sends SIGTERM to all, and SIGKILL to those that still run after the grace period. */
  stop(): Promise<void>;
}

/**
 * The first restart is almost immediate, so that an answer in progress continues within seconds; then it quadruples.
 */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 30_000;
/** A process that lived this long is healthy: its next crash starts from the first delay again. */
const HEALTHY_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const NAME_WIDTH = 8;
const LAST_LINES = 10;

/** How a process ends that was told to end: by the signal, with the shell's code for it, or cleanly. */
const DELIBERATE: ReadonlySet<unknown> = new Set([0, 129, 130, 143, 'SIGHUP', 'SIGINT', 'SIGTERM']);

/** The IPC channel is the leash: a child ends when its supervisor is gone. */
export const LEASH = ['--import', pathToFileURL(path.join(import.meta.dirname, 'leash.mjs')).href];

const colours: Record<string, (text: string) => string> = { engine: pc.cyan, web: pc.magenta, trainer: pc.yellow };

/** Starts every plan at once. `write` gets whole lines; `graceMs` is the time between SIGTERM and SIGKILL. */
export function supervise(plans: ProcessPlan[], write: (line: string) => void, graceMs = STOP_GRACE_MS): Supervisor {
  const children = new Map<string, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  let stopping = false;
  let end: (name: string) => void;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });

  const start = (plan: ProcessPlan, failures: number) => {
    const startedAt = Date.now();
    const child = spawn(process.execPath, [...LEASH, ...plan.args], {
      env: plan.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: plan.detached,
    });
    children.set(plan.name, child);
    // At once: on Linux each thread has its own priority, and new threads inherit that of the first.
    if (plan.niceness && child.pid) os.setPriority(child.pid, plan.niceness);
    const column = (colours[plan.name] ?? pc.blue)(`${plan.name.padEnd(NAME_WIDTH)} │ `);
    const lastLines: string[] = [];
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (plan.chatter?.test(line)) return;
        const text = readable(line);
        lastLines.push(text);
        lastLines.splice(0, lastLines.length - LAST_LINES);
        write(column + text);
      });
    }
    child.once('exit', () => children.delete(plan.name));
    // `close`, not `exit`, because by then the last lines have been read.
    child.once('close', (code, signal) => {
      if (stopping) return;
      if (DELIBERATE.has(signal ?? code)) {
        write(`${column}was ended (${signal ?? `exit code ${code}`})`);
        return end(plan.name);
      }
      plan.onCrash?.(lastLines);
      const lived = Date.now() - startedAt;
      const again = lived > HEALTHY_MS ? 0 : failures;
      const delay = Math.min(FIRST_DELAY_MS * 4 ** again, LONGEST_DELAY_MS);
      write(`${column}ended (${signal ?? `exit code ${code}`}); starting it again in ${delay} ms`);
      const timer = setTimeout(() => {
        timers.delete(timer);
        start(plan, again + 1);
      }, delay);
      timers.add(timer);
    });
  };
  for (const plan of plans) start(plan, 0);

  return {
    pid: (name) => children.get(name)?.pid,
    ended,
    async stop() {
      stopping = true;
      for (const timer of timers) clearTimeout(timer);
      const live = [...children.values()].filter((child) => child.exitCode === null && child.signalCode === null);
      const gone = live.map((child) => new Promise<void>((resolve) => child.once('exit', () => resolve())));
      for (const child of live) child.kill('SIGTERM');
      const killer = setTimeout(() => {
        for (const child of live) child.kill('SIGKILL');
      }, graceMs);
      await Promise.all(gone);
      clearTimeout(killer);
    },
  };
}
