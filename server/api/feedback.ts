// Feedback on answers, by generation id: given, withdrawn, listed and traced by the owner of the key.
import { z } from 'zod';
import { FEEDBACK_KINDS, FEEDBACK_VALUES } from '@/core/feedback/kinds';
import { toWire } from '@/core/feedback/wire';
import { give, prefer, thumb, withdraw } from '@/server/services/feedback/feedback';
import { listMine } from '@/server/services/feedback/mine';
import { openQuestionnaires } from '@/server/services/feedback/questionnaire';
import { trace } from '@/server/services/feedback/trace';
import { FeedbackRequest } from './feedback-request';
import { Learner, Trace } from './openapi/feedback-responses';
import type { Call } from './route';

export async function feedback({ product, owner, read }: Call): Promise<Response> {
  const asked = await read(FeedbackRequest);
  const { userId } = owner;
  const done = (id: string | null, comparisonId: string | null) =>
    Response.json({ object: 'feedback', id, comparison_id: comparisonId });
  switch (asked.act) {
    case 'give': {
      const { id, comparisonId } = await give(product, userId, asked.feedback, 'api');
      return done(id, comparisonId);
    }
    case 'withdraw':
      await withdraw(product, userId, asked.subject);
      return done(null, null);
    case 'thumb': {
      const { act: _, ...input } = asked;
      return done(await thumb(product, userId, input, 'api'), null);
    }
    case 'prefer': {
      const { act: _, ...input } = asked;
      const { id, comparisonId } = await prefer(product, userId, input, 'api');
      return done(id, comparisonId);
    }
  }
}

const ListQuery = z.strictObject({ kind: z.enum(FEEDBACK_KINDS).optional(), cursor: z.string().max(200).optional() });

/** Without the texts: a program has them, and a key for one program opens no chat of another. */
export async function feedbackList({ product, owner, query }: Call): Promise<Response> {
  const { items, nextCursor } = await listMine(product, owner.userId, ListQuery.parse(query));
  const data = items.map(({ question: _q, answers: _a, conversationId: _c, keptOut: _k, ...item }) => {
    const { id, kind, value, comment, source, createdAt, updatedAt, canChange, isExcluded, learnedBy, ...about } = item;
    const [[name, subjectId]] = Object.entries(about) as [[string, string]];
    return {
      ...{ object: 'feedback', id, kind, [name.replace('Id', '_id')]: subjectId },
      value: toWire(FEEDBACK_VALUES[kind], value),
      ...{ comment, source, created_at: createdAt, updated_at: updatedAt },
      ...{ can_change: canChange, is_excluded: isExcluded },
      learned_by: learnedBy.map((learner) => toWire(Learner, learner)),
    };
  });
  return Response.json({ object: 'list', data, next_cursor: nextCursor });
}

export async function feedbackTrace({ product, owner, params }: Call): Promise<Response> {
  const { id } = z.object({ id: z.uuid().toLowerCase() }).parse(params);
  const traced = await trace(product, owner.userId, id);
  return Response.json({ object: 'feedback.trace', ...(toWire(Trace, traced) as object) });
}

export async function questionnaires({ product }: Call): Promise<Response> {
  const data = (await openQuestionnaires(product)).map(({ isForChat, ...questionnaire }) => ({
    ...questionnaire,
    is_for_chat: isForChat,
  }));
  return Response.json({ object: 'list', data });
}
