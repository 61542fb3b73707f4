// Questionnaires that admins define: an edit is a new version, and answers keep the version that was asked.
import { and, desc, eq, inArray, isNull, max, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { type FeedbackValue, HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import { type FittedWeights, fitQuestionWeights } from '@/core/feedback/question-weights';
import type { Question } from '@/core/feedback/questionnaire';
import { groupBy } from '@/core/group-by';
import { recordAudit } from '@/db/audit';
import { conversation, feedback, generation, questionnaire } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkCharacters } from '@/server/services/text';
import type { QuestionnaireView } from './views';

/** How many ratings the present weights count for, so that a question that few answered keeps its weight. */
const RIDGE = 5;

/** Newest version first. */
export async function listQuestionnaires({ db }: Product): Promise<QuestionnaireView[]> {
  const rows = await db.select().from(questionnaire).orderBy(questionnaire.name, desc(questionnaire.version));
  return rows.map(({ createdBy: _, ...row }) => row);
}

/** A new questionnaire, or the next version of the one with this name, whose earlier versions are no longer asked. */
export async function writeQuestionnaire(
  { db }: Product,
  actorId: string,
  { name, questions, isForChat }: { name: string; questions: Question[]; isForChat: boolean },
): Promise<{ id: string; version: number }> {
  checkCharacters(JSON.stringify([name, questions]), 'questionnaire');
  if (isForChat && questions.some(({ kind }) => kind !== 'flaw'))
    throw new AttuneError('BAD_INPUT', 'The chat offers flaws only; leave scales and choices out.');
  return db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${questionnaire} in share row exclusive mode`);
    const [last] = await tx
      .select({ version: max(questionnaire.version) })
      .from(questionnaire)
      .where(eq(questionnaire.name, name));
    const now = { retiredAt: sql`now()` };
    await tx
      .update(questionnaire)
      .set(now)
      .where(and(eq(questionnaire.name, name), isNull(questionnaire.retiredAt)));
    // The chat offers one list of flaws.
    if (isForChat)
      await tx
        .update(questionnaire)
        .set(now)
        .where(and(eq(questionnaire.isForChat, true), isNull(questionnaire.retiredAt)));
    const [row] = await tx
      .insert(questionnaire)
      .values({ name, questions, isForChat, version: (last?.version ?? 0) + 1, createdBy: actorId })
      .returning();
    await recordAudit(tx, actorId, 'rating.questionnaire', name, { version: row!.version });
    return { id: row!.id, version: row!.version };
  });
}

/** Tasks that have been made keep asking it. */
export async function retireQuestionnaire({ db }: Product, actorId: string, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .update(questionnaire)
      .set({ retiredAt: sql`now()` })
      .where(and(eq(questionnaire.id, id), isNull(questionnaire.retiredAt)))
      .returning();
    if (!row) throw new AttuneError('NOT_FOUND', `There is no questionnaire ${id} in use.`);
    await recordAudit(tx, actorId, 'rating.questionnaire.retire', row.name, { version: row.version });
  });
}

/** Weights that fit the overall ratings of the same completions best; nothing is stored. */
export async function fitWeights({ db }: Product, id: string): Promise<FittedWeights & { samples: number }> {
  const [asked] = await db.select().from(questionnaire).where(eq(questionnaire.id, id));
  if (!asked) throw new AttuneError('NOT_FOUND', `There is no questionnaire ${id}.`);
  const rows = await db
    .select({ generationId: feedback.generationId, kind: feedback.kind, value: feedback.value })
    .from(feedback)
    .innerJoin(generation, eq(generation.id, feedback.generationId))
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(
      and(
        inArray(feedback.kind, ['rating', 'questionnaire']),
        isNull(feedback.excludedAt),
        eq(conversation.allowTraining, true),
      ),
    );
  const ratings = groupBy(
    rows.flatMap(({ kind, generationId, value }) =>
      kind === 'rating' ? [{ generationId, rating: (value as FeedbackValue<'rating'>).rating }] : [],
    ),
    ({ generationId }) => generationId,
  );
  const samples = rows.flatMap(({ kind, generationId, value }) => {
    const rated = kind === 'questionnaire' ? ratings.get(generationId) : undefined;
    const { questionnaireId, answers } = value as FeedbackValue<'questionnaire'>;
    if (!rated || questionnaireId !== id) return [];
    const mean = rated.reduce((sum, { rating }) => sum + rating, 0) / rated.length;
    return [{ answers, rating: (mean - LOWEST_RATING) / (HIGHEST_RATING - LOWEST_RATING) }];
  });
  if (samples.length === 0)
    throw new AttuneError(
      'CONFLICT',
      'No completion has both answers to this questionnaire and a rating yet, so there is nothing to fit.',
    );
  return { ...fitQuestionWeights(asked.questions, samples, RIDGE), samples: samples.length };
}
