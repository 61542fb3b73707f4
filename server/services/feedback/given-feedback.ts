// People's feedback on answers, for admins to read: only from conversations whose owners consent to training.
import { and, count, desc, eq, inArray, isNotNull, or, type SQL, sql } from 'drizzle-orm';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { comparison, conversation, feedback, generation } from '@/db/schema';
import { cursorOf, isBehind, readCursor } from '@/server/services/cursor';
import type { Product } from '@/server/services/product';
import type { FeedbackPageView, GivenFeedbackView } from '@/server/services/views';
import { type JudgedText, readAnswers } from './texts';

const PAGE = 20;

/** `comment` and `reason` select judgements that have a comment or reasons. */
export const FEEDBACK_FILTERS = ['up', 'down', 'comparison', 'comment', 'reason'] as const;
export type FeedbackFilter = (typeof FEEDBACK_FILTERS)[number];

const SHOWN: ('thumb' | 'comparison')[] = ['thumb', 'comparison'];
type Said = ({ kind: 'thumb' } & FeedbackValue<'thumb'>) | ({ kind: 'comparison' } & FeedbackValue<'comparison'>);

interface Asked {
  filter?: FeedbackFilter;
  versionId?: string;
  cursor?: string | null;
}

const FILTERS: Record<FeedbackFilter, SQL | undefined> = {
  up: sql`${feedback.value} -> 'up' = 'true'`,
  down: sql`${feedback.value} -> 'up' = 'false'`,
  comparison: eq(feedback.kind, 'comparison'),
  comment: and(isNotNull(feedback.comment), sql`trim(${feedback.comment}) <> ''`),
  reason: sql`jsonb_array_length(${feedback.value} -> 'reasons') > 0`,
};

/** Newest first. The judged texts are hidden once consent is withdrawn, and are shown without names. */
export async function listFeedback({ db }: Product, { filter, versionId, cursor }: Asked): Promise<FeedbackPageView> {
  const asked = and(
    inArray(feedback.kind, SHOWN),
    filter && FILTERS[filter],
    versionId === undefined ? undefined : isAbout(versionId),
  );
  const rows = await db
    .select({
      feedback,
      leftId: generation.id,
      rightId: comparison.rightGenerationId,
      cursor: cursorOf(feedback.updatedAt, feedback.id),
    })
    .from(feedback)
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(generation, isJudged)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(
      and(
        eq(conversation.allowTraining, true),
        asked,
        cursor ? isBehind(readCursor(cursor), feedback.updatedAt, feedback.id) : undefined,
      ),
    )
    .orderBy(desc(feedback.updatedAt), desc(feedback.id))
    .limit(PAGE + 1);
  const [kept] = await db
    .select({ hidden: count() })
    .from(feedback)
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(generation, isJudged)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(and(eq(conversation.allowTraining, false), asked));
  const page = rows.slice(0, PAGE);
  const answers = await readAnswers(
    db,
    page.flatMap(({ leftId, rightId }) => (rightId ? [leftId, rightId] : [leftId])),
  );
  return {
    items: page.map(({ feedback, leftId, rightId }) =>
      view(feedback, answers.get(leftId)!, answers.get(rightId ?? '')),
    ),
    nextCursor: rows.length > PAGE ? page.at(-1)!.cursor : null,
    hidden: kept!.hidden,
  };
}

/** The answer that a thumb rates, or the left one of a comparison. */
const isJudged = sql`${generation.id} = coalesce(${feedback.generationId}, ${comparison.leftGenerationId})`;

const isAbout = (versionId: string) =>
  or(
    eq(generation.versionId, versionId),
    sql`exists (select 1 from ${generation} other
      where other.id = ${comparison.rightGenerationId} and other.version_id = ${versionId})`,
  );

function view(given: typeof feedback.$inferSelect, left: JudgedText, right: JudgedText | undefined): GivenFeedbackView {
  const { id, comment, updatedAt } = given;
  const said = { kind: given.kind, ...given.value } as Said;
  const shown = (answer: JudgedText, side: 'left' | 'right') => ({
    versionId: answer.versionId,
    text: answer.text,
    isPreferred: said.kind === 'comparison' && said.choice === side,
  });
  return {
    ...{ id, kind: said.kind, updatedAt },
    choice: said.kind === 'comparison' ? said.choice : null,
    reasons: said.kind === 'thumb' ? said.reasons : [],
    thumb: said.kind === 'comparison' ? null : said.up ? 1 : -1,
    comment: comment?.trim() || null,
    question: left.question ?? '',
    answers: right ? [shown(left, 'left'), shown(right, 'right')] : [shown(left, 'left')],
  };
}
