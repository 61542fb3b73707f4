// A run from files: its order, snapshot, checkpoints and result are in one folder, where the same order resumes it.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BASE_VERSION_ID, type Manifest } from '@/core/artifact/manifest';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { isAccepted } from '@/core/gates/state';
import { sha256 } from '@/core/hash';
import { encodeRows } from '@/core/snapshot/snapshot';
import { sayVerdict } from '@/core/verdict';
import type { DataSet } from '@/trainer/data/files';
import type { Outcome, RunHome, RunSink } from './store';

const Order = z.object({
  format: z.literal(1),
  id: z.string(),
  createdAt: z.coerce.date(),
  config: z.record(z.string(), z.unknown()),
  parentVersionId: z.string(),
  snapshotSha256: z.string(),
});
const Result = z.object({ status: z.enum(['done', 'rejected']), versionId: z.string(), verdict: z.string() });

interface FilesRun {
  folder: string;
  config: Record<string, unknown>;
  /** The artifact to continue training from; null is only the base. */
  parent: { versionId: string; directory: string } | null;
  data: DataSet;
  constraints: unknown;
  signal: AbortSignal;
  onProgress: RunSink['progress'];
}

/** The run's outcome, or null if it has not ended. */
export async function readResult(folder: string): Promise<Outcome | null> {
  const file = path.join(folder, 'result.json');
  return existsSync(file) ? Result.parse(JSON.parse(await readFile(file, 'utf8'))) : null;
}

/** Starts the run, or finds it; throws CONFLICT if the folder holds a run with another order. */
export async function filesHome(run: FilesRun): Promise<RunHome> {
  const { folder, data, parent } = run;
  const content = encodeRows(data.rows);
  const given = {
    config: run.config,
    parentVersionId: parent?.versionId ?? BASE_VERSION_ID,
    snapshotSha256: sha256(content),
  };
  await mkdir(folder, { recursive: true });
  const order = await keepOrder(path.join(folder, 'order.json'), given);
  const { snapshotSha256 } = order;
  const snapshot = {
    id: order.id,
    sha256: snapshotSha256,
    contentSha256: snapshotSha256,
    counts: data.counts,
    rows: data.rows,
  };
  return {
    order: { ...order, parentDirectory: parent?.directory ?? null, imported: null },
    folder,
    artifacts: path.join(folder, 'artifacts'),
    signal: run.signal,
    progress: run.onProgress,
    metrics() {}, // the pipeline keeps the curves as files itself
    async flush() {},
    async snapshot() {
      await writeDurably(path.join(folder, 'snapshot.jsonl'), content);
      return snapshot;
    },
    rules: async () => run.constraints,
    openTasks: async () => [],
    async orderTasks() {},
    async publish({ versionId, gates }: Manifest, statements) {
      const status = isAccepted(gates) ? 'done' : 'rejected';
      const outcome: Outcome = { status, versionId, verdict: sayVerdict(statements) };
      await writeDurably(path.join(folder, 'result.json'), `${JSON.stringify(outcome, null, 2)}\n`);
      return outcome;
    },
  };
}

async function keepOrder(
  file: string,
  given: Pick<z.infer<typeof Order>, 'config' | 'parentVersionId' | 'snapshotSha256'>,
): Promise<z.infer<typeof Order>> {
  if (!existsSync(file)) {
    const order = { format: 1 as const, id: randomUUID(), createdAt: new Date(), ...given };
    await writeDurably(file, `${JSON.stringify(order, null, 2)}\n`);
    return order;
  }
  const kept = Order.parse(JSON.parse(await readFile(file, 'utf8')));
  const names = {
    config: 'configuration',
    parentVersionId: 'parent',
    snapshotSha256: 'data set, or the same files as an earlier release read them',
  } as const;
  const other = (['config', 'parentVersionId', 'snapshotSha256'] as const).find(
    (key) => JSON.stringify(kept[key]) !== JSON.stringify(given[key]),
  );
  if (other) {
    throw new AttuneError(
      'CONFLICT',
      `${path.dirname(file)} holds a run with another ${names[other]}. Repeat its command to resume it, or name another folder.`,
    );
  }
  return kept;
}
