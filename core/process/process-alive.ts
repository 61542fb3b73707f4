// Tells whether a process id belongs to a running process on this machine, and whether it is still the same process.
import { readFileSync } from 'node:fs';

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it runs, but as another user
  }
  return statOf(pid)?.state !== 'Z'; // a zombie: it is dead, but its parent has not collected it yet
}

/**
 * Its start in ticks since boot, because process ids are used again, soonest in containers; null if it is not known.
 */
export const processStart = (pid: number): string | null => statOf(pid)?.started ?? null;

export const parentOf = (pid: number): number | null => statOf(pid)?.parent ?? null;

/** Fields 3, 4 and 22 of /proc/PID/stat; the name before them may contain spaces and brackets. null outside Linux. */
function statOf(pid: number): { state: string; parent: number; started: string } | null {
  if (process.platform !== 'linux') return null;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, parent: Number(fields[1]), started: fields[19]! };
  } catch {
    return null;
  }
}
