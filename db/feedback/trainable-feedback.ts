// Defines which feedback may train: in a conversation whose owner consents, and not excluded by an admin.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { comparison, conversation, feedback, generation, message } from '../schema';

/** The id of the conversation of a row of `feedback`, to join the conversation by. */
export const conversationOfFeedback = sql`coalesce(
  (select ${generation.conversationId} from ${generation} where ${generation.id} = ${feedback.generationId}),
  (select ${comparison.conversationId} from ${comparison} where ${comparison.id} = ${feedback.comparisonId}),
  (select ${message.conversationId} from ${message} where ${message.id} = ${feedback.messageId}))`;

/** A condition on `feedback` and its conversation. */
export const isTrainable = and(eq(conversation.allowTraining, true), isNull(feedback.excludedAt))!;
