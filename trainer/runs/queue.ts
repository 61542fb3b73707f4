// The trainer's side of the run queue: claims the next run, starts one that is due, waits for work, reports heartbeats.
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHANNELS } from '@/core/contract';
import type { Logger } from '@/core/logger';
import { type Database, getDatabase } from '@/db/client';
import { Listener } from '@/db/listener';
import { type TrainerReport, writeTrainerReport } from '@/db/settings';
import { claimRun, LEASE_TIMES, RunLease } from './lease';
import { honourWithdrawals } from './snapshots/withdrawals';
import { type DriftMemory, evaluateTrigger } from './trigger';

/** Time between two checks for rows that people have taken back. */
const LOOK_MS = 5000;

export class RunQueue {
  private readonly db: Database;
  private readonly owner = `${os.hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  private readonly listener: Listener;
  private readonly drift: DriftMemory = { readAt: Number.NEGATIVE_INFINITY, drift: null };
  private isListening = false;
  private wake = () => {};

  constructor(
    url: string,
    private readonly log: Logger,
  ) {
    this.db = getDatabase(url);
    this.listener = new Listener(url, (error) => log.warn({ err: error }, 'listening connection'));
    this.listener.on(CHANNELS.trainingRun, () => this.wake());
  }

  async claim(times = LEASE_TIMES): Promise<RunLease | null> {
    const run = await claimRun(this.db, this.owner, times);
    return run && new RunLease(this.db, run, this.owner, times);
  }

  async startDueRun(): Promise<void> {
    await evaluateTrigger(this.db, this.drift);
  }

  async report(status: Omit<TrainerReport, 'heartbeatAt'>): Promise<void> {
    const report = { heartbeatAt: new Date().toISOString(), ...status };
    await writeTrainerReport(this.db, report).catch((error: unknown) => {
      this.log.warn({ err: error }, 'heartbeat not written');
    });
  }

  /** Checks every few seconds, even during a run, which takes hours; one check ends before the next begins. */
  honourWithdrawals(dataFolder: string): { stop(): Promise<void> } {
    let look: Promise<unknown> | null = null;
    const begin = () => {
      look ??= honourWithdrawals(this.db, dataFolder, this.log)
        .catch((error: unknown) => this.log.warn({ err: error }, 'rows that people took back could not be removed yet'))
        .finally(() => {
          look = null;
        });
    };
    begin();
    const timer = setInterval(begin, LOOK_MS);
    return {
      async stop() {
        clearInterval(timer);
        await look;
      },
    };
  }

  /**
   * Waits for NOTIFY or the given time; a listening connection that cannot be opened is tried again at the next wait.
   */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.isListening) {
      await this.listener.start([CHANNELS.trainingRun]);
      this.isListening = true;
      return; // first look for runs that were queued before the connection listened
    }
    const woken = new AbortController();
    this.wake = () => woken.abort();
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.listener.close();
  }
}
