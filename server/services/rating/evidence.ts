// Measures raters by their answers: agreement with known answers, with each other and with themselves, and coverage.
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { agreementOf } from '@/core/feedback/agreement';
import type { Question } from '@/core/feedback/questionnaire';
import type { TaskKind } from '@/core/feedback/task-answers';
import { groupBy } from '@/core/group-by';
import { wilsonInterval } from '@/core/statistics/statistics';
import type { Executor } from '@/db/client';
import { feedback, questionnaire, raterStanding, ratingAssignment, ratingTask } from '@/db/schema';
import { comparableOf } from './settle';
import type { StoredAnswer } from './task-frame';
import type { AgreementView } from './views';

/** The newest answers that are looked at, of all raters together. */
const MOST_ANSWERS = 20_000;

export interface RaterEvidence {
  userId: string;
  done: number;
  coverage: number;
  withTruth: AgreementView | null;
  withOthers: AgreementView | null;
  withSelf: AgreementView | null;
}

export interface Given {
  taskId: string;
  userId: string;
  isRepeat: boolean;
  stored: StoredAnswer;
  truth: StoredAnswer | null;
  kind: TaskKind;
}

/**
 * Most agreement with others first: by the lower end of its interval, so that few answers do not lead. Banned raters are
 * nobody's others.
 */
export async function readEvidence(db: Executor): Promise<RaterEvidence[]> {
  const given = await readGiven(db);
  const questions = await readQuestions(db, given);
  const agree = (one: StoredAnswer, other: StoredAnswer) => {
    const [a, b] = [comparableOf(one, questions), comparableOf(other, questions)];
    return a && b ? agreementOf(a, b) : null;
  };
  const byTask = groupBy(
    given.filter(({ isRepeat }) => !isRepeat),
    ({ taskId }) => taskId,
  );
  const tasks = byTask.size;
  const banned = await readBanned(db);
  const evidence = [...groupBy(given, ({ userId }) => userId)].map(([userId, own]): RaterEvidence => {
    const firsts = own.filter(({ isRepeat }) => !isRepeat);
    const others = firsts.flatMap((mine) =>
      byTask
        .get(mine.taskId)!
        .flatMap(({ userId: by, stored }) =>
          by === userId || banned.has(by) ? [] : (agree(mine.stored, stored) ?? []),
        ),
    );
    const truths = firsts.flatMap(({ stored, truth, kind }) =>
      truth && kind !== 'adjudicate' ? (agree(stored, truth) ?? []) : [],
    );
    const firstOf = new Map(firsts.map(({ taskId, stored }) => [taskId, stored]));
    const self = own.flatMap(({ isRepeat, taskId, stored }) => {
      const first = isRepeat ? firstOf.get(taskId) : undefined;
      return first ? (agree(first, stored) ?? []) : [];
    });
    return {
      userId,
      done: firsts.length,
      coverage: tasks > 0 ? firsts.length / tasks : 0,
      withTruth: summarise(truths),
      withOthers: summarise(others),
      withSelf: summarise(self),
    };
  });
  return evidence.sort((a, b) => (b.withOthers?.low ?? -1) - (a.withOthers?.low ?? -1) || b.coverage - a.coverage);
}

/** Wilson's interval for a share is also one for a mean of values in [0, 1], whose variance is never larger. */
function summarise(agreements: readonly number[]): AgreementView | null {
  if (agreements.length === 0) return null;
  const sum = agreements.reduce((total, agreement) => total + agreement, 0);
  return { mean: sum / agreements.length, count: agreements.length, ...wilsonInterval(sum, agreements.length) };
}

export async function readBanned(db: Executor): Promise<ReadonlySet<string>> {
  const rows = await db.select().from(raterStanding).where(eq(raterStanding.standing, 'banned'));
  return new Set(rows.map(({ userId }) => userId));
}

/** Newest first, without answers that an admin excluded. */
export async function readGiven(db: Executor): Promise<Given[]> {
  const rows = await db
    .select({
      taskId: ratingAssignment.taskId,
      userId: ratingAssignment.userId,
      isRepeat: ratingAssignment.isRepeat,
      stored: ratingAssignment.value,
      truth: ratingTask.truth,
      kind: ratingTask.kind,
    })
    .from(ratingAssignment)
    .innerJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
    .where(
      and(
        eq(ratingAssignment.status, 'done'),
        sql`${ratingAssignment.value} is not null`,
        sql`not exists (select from ${feedback} where ${feedback.assignmentId} = ${ratingAssignment.id}
          and ${feedback.excludedBy} is not null)`,
      ),
    )
    .orderBy(desc(ratingAssignment.finishedAt))
    .limit(MOST_ANSWERS);
  return rows.map((row) => ({
    ...row,
    stored: row.stored as StoredAnswer,
    truth: row.truth as StoredAnswer | null,
  }));
}

async function readQuestions(db: Executor, given: readonly Given[]): Promise<Map<string, Question[]>> {
  const ids = new Set(
    given.flatMap(({ stored }) => (stored.kind === 'questionnaire' ? [stored.value.questionnaireId] : [])),
  );
  if (ids.size === 0) return new Map();
  const rows = await db
    .select()
    .from(questionnaire)
    .where(inArray(questionnaire.id, [...ids]));
  return new Map(rows.map(({ id, questions }) => [id, questions]));
}
