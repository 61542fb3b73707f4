// Queues the judgement of an adapter from elsewhere: nothing is trained, and the gates decide whether it may serve.
import { randomUUID } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE } from '@/core/artifact/adapter-files';
import { readForeignAdapter } from '@/core/artifact/foreign-adapter';
import type { ImportedAdapter } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { LIVE_STATUSES } from '@/core/contract';
import { writeFolder } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { importFolder } from '@/core/paths';
import { recordAudit } from '@/db/audit';
import type { Database, Executor } from '@/db/client';
import { lockRuns, queueRun } from '@/db/runs/queue';
import { trainingRun, version } from '@/db/schema';
import { requireStartable } from '@/server/services/run/check';

export interface ImportPlace {
  db: Database;
  base: Pick<Base, 'weights'>;
  /** The largest rank that the engine serves. */
  maxRank: number;
  /** The folder of training runs. */
  runs: string;
}

export interface ImportOrder {
  /** The id of the version that it becomes. */
  versionId: string;
  /** As the person knows it. */
  fileName: string;
  /** The folder in which its two files are. */
  folder: string;
  /** Of the run: how its reward model is trained and how many answers the gates take. */
  config: Record<string, unknown>;
}

/** A null `actorId` is whoever may start programs on this machine. */
export async function importAdapter(
  { db, base, maxRank, runs }: ImportPlace,
  actorId: string | null,
  { versionId, fileName, folder, config }: ImportOrder,
): Promise<{ runId: string }> {
  const { facts } = await readForeignAdapter(folder, { config: base.weights.config, maxRank });
  const imported: ImportedAdapter = { versionId, fileName, ...facts };
  await requireStartable(db, config);
  const runId = randomUUID();
  const target = importFolder(path.join(runs, runId));
  await writeFolder(target, async (temporary) => {
    for (const name of [ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE])
      await copyFile(path.join(folder, name), path.join(temporary, name));
  });
  try {
    await db.transaction(async (tx) => {
      await lockRuns(tx);
      await refuseTaken(tx, versionId);
      await queueRun(tx, { id: runId, kind: 'judge', imported, trigger: 'button', requestedBy: actorId, config });
      await recordAudit(tx, actorId, 'version.import', versionId, { fileName, sha256: facts.sha256, runId });
    });
  } catch (error) {
    await rm(path.dirname(target), { recursive: true, force: true });
    throw error;
  }
  return { runId };
}

async function refuseTaken(tx: Executor, versionId: string): Promise<void> {
  const [taken] = await tx.select({ id: version.id }).from(version).where(eq(version.id, versionId));
  if (taken) throw new AttuneError('CONFLICT', `There is already a version ${versionId}. Choose another name.`);
  const [waiting] = await tx
    .select({ id: trainingRun.id })
    .from(trainingRun)
    .where(
      and(inArray(trainingRun.status, [...LIVE_STATUSES]), sql`${trainingRun.imported} ->> 'versionId' = ${versionId}`),
    );
  if (waiting)
    throw new AttuneError('CONFLICT', `The run ${waiting.id} judges a version ${versionId}. Choose another name.`);
}
