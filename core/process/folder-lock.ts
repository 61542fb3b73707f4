// Locks a folder for one process at a time; the lock of a process that died is free again.
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { explainWriteError } from '@/core/durable-file';
import { isAlive, processStart } from './process-alive';

const Holder = z.object({
  pid: z.number(),
  started: z.string().nullable(),
  host: z.string(),
  /** The address on which the holder answers, once it does. */
  url: z.string().optional(),
});
export type Holder = z.infer<typeof Holder>;

export interface FolderLock {
  /** Tells other processes the address on which the holder answers. */
  announce(url: string): void;
  release(): void;
}

const BEAT_MS = 3000;
/** Processes in another container are invisible; a holder without a heartbeat for this long counts as dead. */
const SILENCE_MS = 10_000;
/** When two begin at once, the one with the smaller name waits this long for the other to give way. */
const PATIENCE_MS = 2000;

/**
 * Each process writes its own file `<prefix>.<random>` and then looks for others, so two can never miss each other.
 * `refuse` makes the error for a folder that another process holds.
 */
export async function lockFolder(prefix: string, refuse: (holder: Holder) => Error): Promise<FolderLock> {
  const name = randomBytes(6).toString('hex');
  const file = `${prefix}.${name}`;
  const self: Holder = { pid: process.pid, started: processStart(process.pid), host: os.hostname() };
  const write = (holder: Holder) => {
    try {
      mkdirSync(path.dirname(prefix), { recursive: true });
      // Renamed into place: a process that read half of it would think that its writer is dead.
      writeFileSync(`${file}.tmp`, JSON.stringify(holder), { mode: 0o600 });
      renameSync(`${file}.tmp`, file);
    } catch (error) {
      throw explainWriteError(error, file);
    }
  };
  write(self);
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(100)) {
    const other = find(prefix, name);
    if (!other) break;
    if (other.name < name || Date.now() > deadline) {
      rmSync(file, { force: true });
      throw refuse(other.holder);
    }
  }
  const beat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The folder was removed while the process ran: there is nothing left to lock.
    }
  }, BEAT_MS).unref();
  return {
    announce: (url) => write({ ...self, url }),
    release() {
      clearInterval(beat);
      rmSync(file, { force: true });
    },
  };
}

/** Waits until no other process holds the folder, or until `signal` aborts. */
export async function lockInTurn(prefix: string, signal?: AbortSignal): Promise<FolderLock> {
  const isHeld = new Error('held');
  for (;;) {
    try {
      return await lockFolder(prefix, () => isHeld);
    } catch (error) {
      if (error !== isHeld) throw error;
    }
    await sleep(500, undefined, { signal });
  }
}

/** The running process that holds the folder; null if there is none. */
export const findHolder = (prefix: string): Holder | null => find(prefix, '')?.holder ?? null;

/** The holder other than `self`; removes the files of dead ones. */
function find(prefix: string, self: string): { name: string; holder: Holder } | null {
  const { dir, base } = path.parse(prefix);
  const names = existsSync(dir) ? readdirSync(dir) : [];
  for (const entry of names) {
    const name = entry.slice(base.length + 1);
    if (!entry.startsWith(`${base}.`) || !/^[0-9a-f]{12}$/.test(name) || name === self) continue;
    const file = path.join(dir, entry);
    const holder = read(file);
    if (holder && isHolding(holder, file)) return { name, holder };
    rmSync(file, { force: true });
  }
  return null;
}

function isHolding({ pid, started, host }: Holder, file: string): boolean {
  if (host === os.hostname()) return isAlive(pid) && processStart(pid) === started;
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < SILENCE_MS;
}

/** null for a file that is gone, or was cut off by a full disk. */
function read(file: string): Holder | null {
  try {
    return Holder.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
