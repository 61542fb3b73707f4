// Follows a vote to the snapshots, runs and versions that it went into, and a version back to the votes.
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { asc, count, countDistinct, eq, gte, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { FeedbackKind } from '@/core/feedback/kinds';
import { snapshotFile } from '@/core/snapshot/snapshot';
import type { Executor } from '@/db/client';
import { conversationOfFeedback } from '@/db/feedback/trainable-feedback';
import { conversation, feedback, snapshot, trainingRun, user, version, versionFeedback } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { isExcludedAt, readExclusions } from './exclusion';
import { readLearners, readTrained } from './learners';
import type { ContributionsView, FeedbackTraceView } from './views';

/** For the vote's author and for admins: for anybody else there is no such vote. */
export async function trace(product: Product, readerId: string, feedbackId: string): Promise<FeedbackTraceView> {
  const { db } = product;
  const [vote] = await db
    .select({ feedback, allowTraining: conversation.allowTraining, consentedAt: conversation.consentedAt })
    .from(feedback)
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .where(eq(feedback.id, feedbackId));
  if (!vote || (vote.feedback.userId !== readerId && !(await isAdmin(db, readerId))))
    throw new AttuneError('NOT_FOUND', `You have given no feedback ${feedbackId}; it may have been withdrawn.`);
  const { id, kind, createdAt, updatedAt, excludedAt } = vote.feedback;
  const exclusions = (await readExclusions(db, [vote.feedback])).get(id)!;
  const from = Math.max(createdAt.getTime(), vote.consentedAt?.getTime() ?? 0);
  const candidates = vote.allowTraining
    ? await db
        .select()
        .from(snapshot)
        .where(gte(snapshot.frozenUpTo, new Date(from)))
        .orderBy(asc(snapshot.frozenUpTo))
    : [];
  const learners = new Set((await readLearners(db, [id])).get(id)!.map(({ versionId }) => versionId));
  const snapshots: FeedbackTraceView['snapshots'] = [];
  for (const frozen of candidates) {
    if (isExcludedAt(exclusions, frozen.frozenUpTo)) continue;
    const found = await findLines(snapshotFile(product.snapshots, frozen.id), id);
    const isBlanked = exclusions.some((exclusion) => exclusion.from > frozen.frozenUpTo);
    // A file that names votes but not this one left it out, unless its line was blanked when it was excluded.
    if (found?.length === 0 && !isBlanked) continue;
    const lines = found?.length ? found : null;
    snapshots.push({
      id: frozen.id,
      sha256: frozen.sha256,
      frozenUpTo: frozen.frozenUpTo,
      lines,
      blankedLines: frozen.tombstones.reduce((sum, tombstone) => sum + tombstone.lines.length, 0),
      runs: await runsOf(db, frozen.id, learners),
    });
  }
  const { allowTraining: isConsented } = vote;
  return { id, kind, createdAt, updatedAt, isConsented, isExcluded: excludedAt !== null, snapshots };
}

async function isAdmin(db: Executor, userId: string): Promise<boolean> {
  const [row] = await db.select({ role: user.role }).from(user).where(eq(user.id, userId));
  return row?.role === 'admin';
}

/** Line numbers from 1; null if the file is gone or was frozen before rows named their votes. */
async function findLines(file: string, feedbackId: string): Promise<number[] | null> {
  if (!existsSync(file)) return null;
  const found: number[] = [];
  let namesVotes = false;
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    namesVotes ||= text.includes('"feedbackId":');
    if (text.includes(feedbackId)) found.push(line);
  }
  return namesVotes ? found : null;
}

async function runsOf(
  db: Executor,
  snapshotId: string,
  learners: ReadonlySet<string>,
): Promise<FeedbackTraceView['snapshots'][number]['runs']> {
  const trained = new Map((await readTrained(db)).map((own) => [own.runId, own]));
  const runs = await db
    .select({ run: trainingRun, gates: version.gates })
    .from(trainingRun)
    .leftJoin(version, eq(version.id, trainingRun.resultVersionId))
    .where(eq(trainingRun.snapshotId, snapshotId))
    .orderBy(asc(trainingRun.createdAt));
  return runs.map(({ run: { id, status, verdict, statements, finishedAt }, gates }) => {
    const made = trained.get(id);
    if (!made) return { id, status, verdict, statements, finishedAt, version: null };
    const hasLearned = learners.has(made.versionId);
    return { id, status, verdict, statements, finishedAt, version: { ...made, hasLearned, gates: gates ?? [] } };
  });
}

/** The votes that the version's run learned from, without those that were taken back since. */
export async function contributions({ db }: Product, versionId: string): Promise<ContributionsView> {
  const [found] = await db
    .select({ id: version.id, snapshot })
    .from(version)
    .leftJoin(trainingRun, eq(trainingRun.resultVersionId, version.id))
    .leftJoin(snapshot, sql`${snapshot.id} = coalesce(${version.snapshotId}, ${trainingRun.snapshotId})`)
    .where(eq(version.id, versionId));
  if (!found) throw new AttuneError('NOT_FOUND', `There is no version ${versionId}.`);
  if (!found.snapshot) return { versionId, snapshotId: null, frozenUpTo: null, people: 0, votes: {}, rows: {} };
  const { id: snapshotId, frozenUpTo, counts: rows } = found.snapshot;
  const learned = db
    .select({ kind: feedback.kind, userId: feedback.userId })
    .from(versionFeedback)
    .innerJoin(feedback, eq(feedback.id, versionFeedback.feedbackId))
    .where(eq(versionFeedback.versionId, versionId))
    .as('learned');
  const byKind = await db.select({ kind: learned.kind, n: count() }).from(learned).groupBy(learned.kind);
  const [all] = await db.select({ people: countDistinct(learned.userId) }).from(learned);
  const votes = Object.fromEntries(byKind.map(({ kind, n }) => [kind, n])) as Partial<Record<FeedbackKind, number>>;
  return { versionId, snapshotId, frozenUpTo, people: all!.people, votes, rows };
}
