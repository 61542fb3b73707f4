// Judges for admins: added, changed, set going and stopped; their figures, what they spent and what they said last.
import { randomUUID } from 'node:crypto';
import { and, asc, count, desc, eq, isNotNull, isNull } from 'drizzle-orm';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import { principlesFor } from '@/core/judging/constitution';
import { faultsOf } from '@/core/judging/figures';
import type { EndpointLimits, JudgePatch, NewJudge } from '@/core/judging/judge';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { conversation, feedback, judge, judgeLabel, user } from '@/db/schema';
import { JUDGE_ROLE } from '@/server/services/account/user';
import type { Product } from '@/server/services/product';
import { checkCharacters } from '@/server/services/text';
import { readConstitution } from './constitution';
import { keyPlace } from './endpoint';
import { readMeasurements } from './measure';
import type { JudgeLabelView, JudgesView, JudgeView } from './views';

type Row = typeof judge.$inferSelect;

const MOST_LABELS = 30;
const MOST_MEASUREMENTS = 10;

export async function listJudges({ db }: Product): Promise<JudgesView> {
  const constitutionVersion = (await readConstitution(db))?.version ?? null;
  const rows = await db
    .select({ own: judge, name: user.name })
    .from(judge)
    .innerJoin(user, eq(user.id, judge.userId))
    .where(isNull(judge.retiredAt))
    .orderBy(asc(judge.createdAt), asc(judge.id));
  const judges: JudgeView[] = [];
  for (const { own, name } of rows) judges.push(await viewJudge(db, own, name, constitutionVersion));
  return { constitutionVersion, judges };
}

async function viewJudge(db: Executor, own: Row, name: string, version: number | null): Promise<JudgeView> {
  const measured = await readMeasurements(db, own.id, MOST_MEASUREMENTS);
  const measurements = measured.map(({ constitutionVersion, figures, price, createdAt }) => ({
    ...{ constitutionVersion, figures, price, createdAt },
    faults: faultsOf(figures),
  }));
  const [labelled] = await db
    .select({ n: count() })
    .from(judgeLabel)
    .where(and(eq(judgeLabel.judgeId, own.id), isNotNull(judgeLabel.feedbackId)));
  const { id, userId: raterId, kind, model, labels, activity, done, total, trouble } = own;
  const [last] = measurements;
  return {
    ...{ id, name, raterId, kind, model, labels, activity, done, total, trouble, measurements },
    endpoint: kind === 'endpoint' ? endpointOf(own) : null,
    mayLabel: last !== undefined && last.constitutionVersion === version && last.faults.length === 0,
    labelled: labelled!.n,
  };
}

function endpointOf(own: Row): JudgeView['endpoint'] {
  const { givesLogprobs, spent, calls, promptTokens, completionTokens } = own;
  return {
    ...{ givesLogprobs, spent, calls, promptTokens, completionTokens },
    url: own.url!,
    hasKey: own.sealedKey !== null,
    limits: limitsOf(own),
  };
}

const limitsOf = (own: Row): EndpointLimits => {
  const { promptPrice, completionPrice, budget, mostCalls, requestsPerMinute, timeoutSeconds } = own;
  return { promptPrice, completionPrice, budget, mostCalls, requestsPerMinute, timeoutSeconds };
};

export async function addJudge(product: Product, actorId: string, given: NewJudge): Promise<{ id: string }> {
  const { db, outgoing, secrets } = product;
  checkCharacters(given.name, 'name', 'name');
  const id = randomUUID();
  const userId = randomUUID();
  const { kind, name, labels } = given;
  const endpoint =
    given.kind === 'endpoint'
      ? {
          url: outgoing.check(given.url).href,
          model: given.model,
          sealedKey: given.key === null ? null : secrets.seal(given.key, keyPlace(id)),
          givesLogprobs: given.givesLogprobs,
          ...given.limits,
        }
      : { model: BASE_VERSION_ID };
  checkCharacters(endpoint.model, 'model', 'model');
  await db.transaction(async (tx) => {
    // Without a password, a social login or a mailbox nobody can sign in as the judge.
    await tx.insert(user).values({ id: userId, name, email: `${id}@judge.attune.local`, role: JUDGE_ROLE });
    await tx.insert(judge).values({ id, userId, kind, labels, createdBy: actorId, ...endpoint });
    const { sealedKey: _, ...shown } = { sealedKey: null, ...endpoint };
    await recordAudit(tx, actorId, 'judge.add', id, { name, kind, labels, ...shown });
  });
  return { id };
}

export async function changeJudge(
  { db, secrets }: Product,
  actorId: string,
  { id, change }: { id: string; change: JudgePatch },
): Promise<void> {
  checkCharacters(change.name ?? '', 'name', 'name');
  await db.transaction(async (tx) => {
    const own = await lockJudge(tx, id);
    const { name, labels, key, limits } = change;
    if (own.kind === 'local' && (key !== undefined || limits !== undefined))
      throw new AttuneError('BAD_INPUT', 'The base of Attune has no key and no budget.');
    const sealedKey = key === undefined ? undefined : key === null ? null : secrets.seal(key, keyPlace(id));
    const columns = { ...(labels && { labels }), ...(sealedKey !== undefined && { sealedKey }), ...limits };
    if (Object.keys(columns).length > 0) await tx.update(judge).set(columns).where(eq(judge.id, id));
    if (name !== undefined) await tx.update(user).set({ name }).where(eq(user.id, own.userId));
    await recordAudit(tx, actorId, 'judge.change', id, {
      from: { labels: own.labels, ...(own.kind === 'endpoint' && limitsOf(own)) },
      to: { name, labels, ...limits, ...(key !== undefined && { key: key === null ? 'removed' : 'replaced' }) },
    });
  });
}

/** It stops and forgets its key; its labels stay. */
export async function retireJudge({ db }: Product, actorId: string, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    await lockJudge(tx, id);
    await tx.update(judge).set({ activity: 'idle', sealedKey: null, retiredAt: new Date() }).where(eq(judge.id, id));
    await recordAudit(tx, actorId, 'judge.retire', id);
  });
}

/** Throws CONFLICT if it may not, naming what is missing. */
export async function setActivity(
  { db }: Product,
  actorId: string,
  { id, activity }: { id: string; activity: Row['activity'] },
): Promise<void> {
  await db.transaction(async (tx) => {
    const own = await lockJudge(tx, id);
    if (own.activity === activity) return;
    if (activity !== 'idle') {
      if (own.activity !== 'idle') throw new AttuneError('CONFLICT', 'The judge is at work; stop it first.');
      await checkReady(tx, own, activity);
    }
    await tx
      .update(judge)
      .set({ activity, ...(activity !== 'idle' && { trouble: null, done: 0, total: 0 }) })
      .where(eq(judge.id, id));
    await recordAudit(tx, actorId, `judge.${activity === 'idle' ? 'stop' : activity}`, id);
  });
}

async function checkReady(tx: Executor, own: Row, activity: 'measure' | 'label'): Promise<void> {
  const now = await readConstitution(tx);
  if (!now || principlesFor(now.principles, 'comparison').length === 0)
    throw new AttuneError(
      'CONFLICT',
      'There are no principles for comparisons yet. Write them on /admin/constitution.',
    );
  if (activity === 'measure') return;
  const [last] = await readMeasurements(tx, own.id, 1);
  if (!last || last.constitutionVersion !== now.version)
    throw new AttuneError('CONFLICT', 'The judge has not been measured by the principles in force. Measure it first.');
  const faults = faultsOf(last.figures);
  if (faults.length > 0)
    throw new AttuneError(
      'CONFLICT',
      `The judge may not label; these figures are outside of their limits: ${faults.join(', ')}.`,
    );
}

async function lockJudge(tx: Executor, id: string): Promise<Row> {
  const [own] = await tx
    .select()
    .from(judge)
    .where(and(eq(judge.id, id), isNull(judge.retiredAt)))
    .for('update');
  if (!own) throw new AttuneError('NOT_FOUND', `There is no judge ${id}.`);
  return own;
}

/** Newest first, of chats whose owners still allow training. */
export async function listLabels({ db }: Product, judgeId: string | null): Promise<JudgeLabelView[]> {
  return db
    .select({
      id: judgeLabel.id,
      judgeName: user.name,
      model: judgeLabel.model,
      kind: judgeLabel.kind,
      constitutionVersion: judgeLabel.constitutionVersion,
      feedbackId: judgeLabel.feedbackId,
      value: feedback.value,
      missing: judgeLabel.missing,
      said: judgeLabel.said,
      price: judgeLabel.price,
      createdAt: judgeLabel.createdAt,
    })
    .from(judgeLabel)
    .innerJoin(judge, eq(judge.id, judgeLabel.judgeId))
    .innerJoin(user, eq(user.id, judge.userId))
    .innerJoin(conversation, eq(conversation.id, judgeLabel.conversationId))
    .leftJoin(feedback, eq(feedback.id, judgeLabel.feedbackId))
    .where(and(eq(conversation.allowTraining, true), judgeId ? eq(judgeLabel.judgeId, judgeId) : undefined))
    .orderBy(desc(judgeLabel.id))
    .limit(MOST_LABELS);
}
