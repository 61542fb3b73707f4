// Ends the product when its npm ends: npm passes SIGINT and SIGTERM only to its shell, and SIGHUP to no process.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isAlive, parentOf, processStart } from '@/core/process/process-alive';
import { isRunByNpm } from './env';

const LOOK_EVERY_MS = 250;

/** Calls `end` once when npm, or a shell between npm and this process, is gone. Without npm it watches nothing. */
export function watchNpm(end: () => void): void {
  if (!isRunByNpm || process.platform === 'win32') return;
  const parent = process.ppid;
  const command = ask(parent, 'command');
  // package.json's `exec` replaces the shell by this program, so that npm's signals arrive; other runners keep a shell.
  const pids = SHELL.test(command) ? [parent, Number(ask(parent, 'ppid'))] : [parent];
  // npm died while this program was loading.
  if (!RUNNER.test(ask(pids.at(-1)!, 'command'))) {
    end();
    return;
  }
  const ancestors = pids.map((pid) => ({ pid, started: processStart(pid) }));
  const timer = setInterval(() => {
    const isGone =
      process.ppid !== parent || ancestors.some(({ pid, started }) => !isAlive(pid) || processStart(pid) !== started);
    if (!isGone) return;
    clearInterval(timer);
    end();
  }, LOOK_EVERY_MS).unref();
}

const SHELL = /^\S*sh -c /;
const RUNNER = /^(npm|pnpm|yarn|bun)\b|^\S*node\s/;

/** Empty for a process that is gone. Read from /proc on Linux, where a container may lack ps. */
function ask(pid: number, field: 'command' | 'ppid'): string {
  if (process.platform === 'linux' && field === 'ppid') return String(parentOf(pid));
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
