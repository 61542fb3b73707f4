// What a person has given, everywhere and of every kind: newest first, with the versions that learned from it.
import { and, desc, eq, or, sql } from 'drizzle-orm';
import type { FeedbackSubject } from '@/core/feedback/feedback';
import { FEEDBACK_SUBJECTS, type FeedbackKind } from '@/core/feedback/kinds';
import { beginningOf } from '@/core/text/beginning';
import type { Executor } from '@/db/client';
import { conversationOfFeedback } from '@/db/feedback/trainable-feedback';
import { comparison, conversation, feedback, feedbackHistory, raterStanding } from '@/db/schema';
import { cursorOf, isBehind, readCursor } from '@/server/services/cursor';
import type { Product } from '@/server/services/product';
import { isReadByRaters, mayReadOthers } from '@/server/services/rating/assignment';
import { readLearners } from './learners';
import { findSubject } from './subject';
import { judgedIds, readAnswers, readTexts } from './texts';
import type { FeedbackHistoryView, OwnFeedbackPageView, OwnFeedbackView } from './views';

const PAGE = 20;
/** Characters of a question or an answer. */
const EXCERPT = 180;

export interface MineFilter {
  kind?: FeedbackKind;
  cursor?: string | null;
}

export async function listMine({ db }: Product, userId: string, filter: MineFilter): Promise<OwnFeedbackPageView> {
  const rows = await selectMine(db, userId, filter);
  const page = rows.slice(0, PAGE);
  const readable = page.filter(({ isReadable }) => isReadable);
  const answers = await readAnswers(db, readable.flatMap(judgedIds));
  const questions = await readTexts(
    db,
    readable.flatMap(({ feedback }) => feedback.messageId ?? []),
  );
  const learners = await readLearners(
    db,
    page.map(({ feedback }) => feedback.id),
  );
  return {
    items: page.map((row): OwnFeedbackView => {
      const { feedback, conversationId, ownerId } = row;
      const judged = judgedIds(row).flatMap((id) => answers.get(id) ?? []);
      // A ranking names its answers best first; the chat numbers them oldest first.
      const shown =
        feedback.kind === 'ranking' ? judged.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()) : judged;
      const isOwn = ownerId === userId;
      return {
        id: feedback.id,
        ...subjectOf(feedback),
        value: feedback.value,
        comment: feedback.comment,
        source: feedback.source,
        createdAt: feedback.createdAt,
        updatedAt: feedback.updatedAt,
        conversationId: isOwn ? conversationId : null,
        question: beginningOf(shown[0]?.question ?? questions.get(feedback.messageId ?? '') ?? '', EXCERPT),
        answers: shown.map(({ id, text }) => ({ generationId: id, text: beginningOf(text, EXCERPT) })),
        pairSource: row.pairSource,
        canChange: isOwn && feedback.source !== 'workplace',
        isExcluded: feedback.excludedAt !== null,
        keptOut: keptOut(row),
        learnedBy: learners.get(feedback.id)!,
      };
    }),
    nextCursor: rows.length > PAGE ? page.at(-1)!.cursor : null,
  };
}

function selectMine(db: Executor, userId: string, { kind, cursor }: MineFilter) {
  return db
    .select({
      feedback,
      pair: { left: comparison.leftGenerationId, right: comparison.rightGenerationId },
      pairSource: comparison.source,
      conversationId: conversation.id,
      ownerId: conversation.userId,
      allowTraining: conversation.allowTraining,
      standing: raterStanding.standing,
      isReadable: sql<boolean>`(${conversation.userId} = ${userId} or (${isReadByRaters} and ${mayReadOthers(userId)}))`,
      cursor: cursorOf(feedback.updatedAt, feedback.id),
    })
    .from(feedback)
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .leftJoin(raterStanding, eq(raterStanding.userId, feedback.userId))
    .where(
      and(
        eq(feedback.userId, userId),
        kind && eq(feedback.kind, kind),
        cursor ? isBehind(readCursor(cursor), feedback.updatedAt, feedback.id) : undefined,
      ),
    )
    .orderBy(desc(feedback.updatedAt), desc(feedback.id))
    .limit(PAGE + 1);
}

function keptOut({
  feedback,
  allowTraining,
  standing,
}: Awaited<ReturnType<typeof selectMine>>[number]): OwnFeedbackView['keptOut'] {
  if (!allowTraining) return 'withheld';
  if (feedback.excludedAt !== null) return 'excluded';
  return standing === 'banned' ? 'banned' : null;
}

/** As `withdraw` takes it. */
function subjectOf({ kind, ...row }: typeof feedback.$inferSelect): FeedbackSubject {
  const about = FEEDBACK_SUBJECTS[kind];
  const id =
    about === 'generation'
      ? { generationId: row.generationId }
      : about === 'comparison'
        ? { comparisonId: row.comparisonId }
        : { messageId: row.messageId };
  return { kind, ...id } as FeedbackSubject;
}

/** Every value that the person has given on one thing in one kind, oldest first; null where it was withdrawn. */
export async function history(
  { db }: Product,
  userId: string,
  subject: FeedbackSubject,
): Promise<FeedbackHistoryView[]> {
  const { subjectId } = await db.transaction((tx) => findSubject(tx, userId, subject));
  if (subjectId === null) return [];
  const { generationId, comparisonId, messageId } = feedbackHistory;
  return db
    .select({ value: feedbackHistory.value, comment: feedbackHistory.comment, at: feedbackHistory.createdAt })
    .from(feedbackHistory)
    .where(
      and(
        eq(feedbackHistory.userId, userId),
        eq(feedbackHistory.kind, subject.kind),
        or(eq(generationId, subjectId), eq(comparisonId, subjectId), eq(messageId, subjectId)),
      ),
    )
    .orderBy(feedbackHistory.id);
}
