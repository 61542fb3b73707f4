// People's feedback of every kind, for admins to read: only from conversations whose owners consent to training.
import { and, count, desc, eq, inArray, ne, or } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { qualityOf } from '@/core/feedback/quality';
import type { Executor } from '@/db/client';
import { conversationOfFeedback } from '@/db/feedback/trainable-feedback';
import { comparison, conversation, feedback, questionnaire, raterStanding, user } from '@/db/schema';
import { cursorOf, isBehind, readCursor } from '@/server/services/cursor';
import type { Product } from '@/server/services/product';
import { readFeedbackIds } from '@/server/services/snapshot/line-index';
import { coarsely, type FeedbackFilter, finely, isAmong } from './filter';
import { judgedIds, readAnswers, readTexts } from './texts';
import type { FeedbackPageView, GivenFeedbackView } from './views';

const PAGE = 20;

interface Asked extends FeedbackFilter {
  /** Only votes that this snapshot holds. */
  snapshotId?: string | undefined;
  cursor?: string | null | undefined;
}

/**
 * Newest first. Feedback in other conversations is counted by kind, version and mark alone: a count that a search or a
 * name narrowed would tell what is in it.
 */
export async function listFeedback(product: Product, asked: Asked): Promise<FeedbackPageView> {
  const { db, snapshots } = product;
  const { snapshotId, cursor } = asked;
  const held = snapshotId === undefined ? null : await readFeedbackIds(db, snapshots, snapshotId);
  const rows = await selectFeedback(db, and(finely(asked), held ? isAmong(held) : undefined), cursor ?? null);
  const page = rows.slice(0, PAGE);
  const answers = await readAnswers(db, page.flatMap(judgedIds));
  const questions = await readTexts(
    db,
    page.flatMap(({ feedback }) => feedback.messageId ?? []),
  );
  const questionnaires = await readQuestionnaires(db, page);
  return {
    items: page.map((row): GivenFeedbackView => {
      const { feedback, rater, excluder, standing, consentedAt } = row;
      const { id, kind, value, source, createdAt, updatedAt, excludedAt, excludedReason } = feedback;
      const shown = judgedIds(row).flatMap((answerId) => answers.get(answerId) ?? []);
      const preferred = preferredIds(row);
      return {
        ...{ id, kind, value, source, createdAt, updatedAt },
        comment: feedback.comment?.trim() || null,
        rater: { ...rater, isBanned: standing === 'banned' },
        consentedLater: consentedAt,
        question: shown[0]?.question ?? questions.get(feedback.messageId ?? '') ?? '',
        answers: shown.map(({ id: generationId, versionId, text }) => ({
          ...{ generationId, versionId, text },
          isPreferred: preferred.includes(generationId),
        })),
        questionnaire: questionnaireOf(feedback, questionnaires),
        excluded: excludedAt && { at: excludedAt, by: excluder, reason: excludedReason },
      };
    }),
    nextCursor: rows.length > PAGE ? page.at(-1)!.cursor : null,
    hidden: await countHidden(db, asked),
  };
}

const admin = alias(user, 'admin');
/** A weak signal is no rating: who was told only of readers of what they rate did not agree to this. */
const isSaid = or(ne(feedback.kind, 'implicit'), eq(conversation.readersNamed, true));

function selectFeedback(db: Executor, asked: ReturnType<typeof finely>, cursor: string | null) {
  return db
    .select({
      feedback,
      pair: { left: comparison.leftGenerationId, right: comparison.rightGenerationId },
      rater: { id: user.id, name: user.name, isGuest: user.isAnonymous },
      standing: raterStanding.standing,
      excluder: admin.name,
      consentedAt: conversation.consentedAt,
      cursor: cursorOf(feedback.updatedAt, feedback.id),
    })
    .from(feedback)
    .innerJoin(user, eq(user.id, feedback.userId))
    .leftJoin(raterStanding, eq(raterStanding.userId, feedback.userId))
    .leftJoin(admin, eq(admin.id, feedback.excludedBy))
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .where(
      and(
        eq(conversation.allowTraining, true),
        isSaid,
        asked,
        cursor ? isBehind(readCursor(cursor), feedback.updatedAt, feedback.id) : undefined,
      ),
    )
    .orderBy(desc(feedback.updatedAt), desc(feedback.id))
    .limit(PAGE + 1);
}
type Row = Awaited<ReturnType<typeof selectFeedback>>[number];

async function countHidden(db: Executor, asked: FeedbackFilter): Promise<number> {
  const [row] = await db
    .select({ hidden: count() })
    .from(feedback)
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .where(and(eq(conversation.allowTraining, false), coarsely(asked)));
  return row!.hidden;
}

/** The answers that won; several if they share the first place. */
function preferredIds({ feedback: { kind, value }, pair }: Row): string[] {
  if (kind === 'best_of') return [(value as FeedbackValue<'best_of'>).best];
  if (kind === 'ranking') return (value as FeedbackValue<'ranking'>).order[0]!;
  if (kind !== 'comparison') return [];
  const { choice } = value as FeedbackValue<'comparison'>;
  return choice === 'left' || choice === 'right' ? [pair![choice]] : [];
}

type Questionnaires = Map<string, typeof questionnaire.$inferSelect>;

async function readQuestionnaires(db: Executor, rows: readonly Row[]): Promise<Questionnaires> {
  const ids = rows.flatMap(({ feedback: { kind, value } }) =>
    kind === 'questionnaire' ? [(value as FeedbackValue<'questionnaire'>).questionnaireId] : [],
  );
  const found = await db.select().from(questionnaire).where(inArray(questionnaire.id, ids));
  return new Map(found.map((own) => [own.id, own]));
}

function questionnaireOf(
  { kind, value }: Row['feedback'],
  questionnaires: Questionnaires,
): GivenFeedbackView['questionnaire'] {
  if (kind !== 'questionnaire') return null;
  const { questionnaireId, answers } = value as FeedbackValue<'questionnaire'>;
  const asked = questionnaires.get(questionnaireId);
  if (!asked) return null;
  const { name, version, questions } = asked;
  return { name, version, questions, quality: qualityOf(questions, answers) };
}
