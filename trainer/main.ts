// The trainer process: waits for runs, takes one at a time under a lease, and says what it lacks while it cannot train.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { AttuneError, toAttuneError } from '@/core/errors';
import { createLogger, type Logger } from '@/core/logger';
import { dataPaths } from '@/core/paths';
import { type BackendReport, nativeBackendProblem, startBackend } from './backend';
import { readTrainerEnv, type TrainerSettings } from './env';
import { runPipeline } from './pipeline';
import { removeCheckpoints } from './runs/checkpoint';
import { LEASE_TIMES, type RunLease } from './runs/lease';
import { leasedHome } from './runs/postgres-store';
import { RunQueue } from './runs/queue';

/** A run ends after the process has died this many times over it, because the run is probably the cause. */
const MAX_ATTEMPTS = 5;
const POLL_MS = 5000;

export interface TrainerOptions {
  settings: TrainerSettings;
  log: Logger;
  /** Ends the trainer; a run in progress is put back for the next trainer. */
  signal: AbortSignal;
  /** One sentence on why native training is not possible now, or null when it is. */
  problem?: () => string | null;
  times?: typeof LEASE_TIMES;
}

export async function runTrainer(options: TrainerOptions): Promise<void> {
  const { settings, log, signal, problem = nativeBackendProblem } = options;
  const queue = new RunQueue(settings.databaseUrl, log);
  const status = { lacks: null as string | null, device: null as string | null };
  const beat = setInterval(() => void queue.report(status), (options.times ?? LEASE_TIMES).beatMs);
  const withdrawals = queue.honourWithdrawals(settings.dataFolder);
  let backend: BackendReport | null = null;
  try {
    while (!signal.aborted) {
      try {
        const lacks = problem();
        if (lacks !== status.lacks) log[lacks ? 'warn' : 'info'](lacks ?? 'Native training is ready.');
        status.lacks = lacks;
        if (!lacks) backend ??= await startBackend();
        status.device = backend?.device ?? null;
        await queue.report(status);
        await queue.startDueRun();
        const isBusy = !lacks && (await workOnce(queue, options));
        if (!isBusy) await queue.wait(POLL_MS, signal);
      } catch (error) {
        log.error({ err: error }, 'the trainer will look for work again shortly');
        await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  } finally {
    clearInterval(beat);
    await withdrawals.stop();
    await queue.close();
  }
}

/** Claims one run and works on it to its end; false when there was none. */
async function workOnce(queue: RunQueue, { settings, log, signal, times }: TrainerOptions): Promise<boolean> {
  const lease = await queue.claim(times);
  if (!lease) return false;
  const { run } = lease;
  const stopping = new AttuneError('CANCELLED', 'The trainer is ending.');
  const stop = () => lease.abort(stopping);
  signal.addEventListener('abort', stop, { once: true });
  const runLog = log.child({ runId: run.id, attempt: run.attempt });
  runLog.info({ stage: run.stage, parent: run.parentVersionId }, 'run claimed');
  try {
    if (run.attempt > MAX_ATTEMPTS) {
      throw new AttuneError('INTERNAL', `The trainer died ${MAX_ATTEMPTS} times over this run, last in ${run.stage}.`);
    }
    if (signal.aborted) stop();
    lease.signal.throwIfAborted();
    const { status, verdict } = await runPipeline(leasedHome(lease, settings), settings, runLog);
    runLog.info({ status, verdict }, 'run ended');
  } catch (thrown) {
    await endRun(lease, lease.signal.aborted ? lease.signal.reason : thrown, stopping, settings, runLog);
  } finally {
    signal.removeEventListener('abort', stop);
    lease.close();
  }
  return true;
}

async function endRun(lease: RunLease, reason: unknown, stopping: AttuneError, settings: TrainerSettings, log: Logger) {
  const error = toAttuneError(reason);
  if (error === stopping || lease.isOutage(reason)) return lease.giveBack();
  if (error.code === 'CONFLICT' && !(await lease.isHeld())) return log.warn(error.message);
  const isCancelled = error.code === 'CANCELLED';
  if (!isCancelled) log.error({ err: error }, 'run failed');
  const isOurs = isCancelled
    ? await lease.finish('cancelled', error.message, [{ code: 'cancelled' }])
    : await lease.finish('failed', error.message);
  const folder = path.join(dataPaths(settings.dataFolder).runs, lease.run.id);
  if (!isOurs) return;
  if (isCancelled) await rm(folder, { recursive: true, force: true });
  else await removeCheckpoints(folder);
}

async function main(): Promise<void> {
  const settings = readTrainerEnv();
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());
  await runTrainer({ settings, log: createLogger('trainer', { level: settings.logLevel }), signal: stop.signal });
  process.exit(0);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error: unknown) => {
    process.stderr.write(`trainer: ${toAttuneError(error).message}\n`);
    process.exit(1);
  });
}
