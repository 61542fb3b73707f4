// Counts figures in a process of their own, so that whoever chats in this one does not wait for them.
import { type ChildProcess, spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { AttuneError } from '@/core/errors';
import type { Database } from '@/db/client';

export type FigureName = 'trust' | 'versions' | 'leaderboard' | 'groups' | 'agreement' | 'raters';
/** What counting needs: also a process without the rest of the product has it. */
export interface Counting {
  db: Database;
  /** The folder of training runs. */
  runs: string;
}

export interface Calculator {
  /** Resolves once the figures are kept. */
  count(name: FigureName, input: unknown): Promise<void>;
  close(): void;
}

export interface CountRequest {
  id: number;
  databaseUrl: string;
  runs: string;
  name: FigureName;
  input: unknown;
}
export interface CountReply {
  id: number;
  /** null if all is well. */
  error: string | null;
}

/** The process ends when it has had nothing to do for so long: it holds as much memory as the largest figures need. */
const IDLE_MS = 30_000;
/** Chat takes precedence. */
const NICENESS = 10;
const PROGRAM = ['server', 'statistics-process.ts'];

export function startCalculator(databaseUrl: string, runs: Counting['runs']): Calculator {
  const waiting = new Map<number, { done(): void; failed(error: Error): void }>();
  let child: ChildProcess | null = null;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  const start = (): ChildProcess => {
    const started = spawn(process.execPath, ['--import', 'tsx', path.join(process.cwd(), ...PROGRAM)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    if (started.pid) os.setPriority(started.pid, NICENESS);
    started.on('message', ({ id, error }: CountReply) => {
      const own = waiting.get(id);
      waiting.delete(id);
      if (error === null) own?.done();
      else own?.failed(new AttuneError('INTERNAL', error));
      if (waiting.size === 0) idle = setTimeout(end, IDLE_MS).unref();
    });
    const gone = () => {
      if (child !== started) return;
      child = null;
      for (const { failed } of waiting.values())
        failed(new AttuneError('UNAVAILABLE', 'The process that counts figures ended; look again in a minute.'));
      waiting.clear();
    };
    started.once('error', gone);
    started.once('exit', gone);
    return started;
  };
  const end = () => {
    clearTimeout(idle);
    child?.kill();
  };

  return {
    count: (name, input) =>
      new Promise((done, failed) => {
        clearTimeout(idle);
        child ??= start();
        const id = ++last;
        waiting.set(id, { done, failed });
        child.send({ id, databaseUrl, runs, name, input } satisfies CountRequest);
      }),
    close: end,
  };
}
