// Reads feedback with the groups that each vote belongs to: what the person says, the language, the topic and the taste.
import { and, desc, eq, isNotNull, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import { SELF_GROUP_NAMES, type SelfGroup } from '@/core/groups';
import { languageOf } from '@/core/text/language';
import { raterIdOf } from '@/core/trust/rater-id';
import type { Database, Executor } from '@/db/client';
import { byIndex, newestVotes } from '@/db/feedback/newest-votes';
import { conversationOfFeedback, isTrainable } from '@/db/feedback/trainable-feedback';
import { comparison, conversation, feedback, generation, message, promptSet, user } from '@/db/schema';

/** Characters of a message that its language is told by. */
const MOST_QUESTION = 500;

export const GROUP_KEYS = ['language', 'topic', ...SELF_GROUP_NAMES, 'taste'] as const;
export type GroupKey = (typeof GROUP_KEYS)[number];
/** Of people who have not said, and of prompts that belong to no set. */
export const UNSAID = 'unsaid';
export const CHAT_TOPIC = 'chat';

export interface GroupVote {
  person: string;
  kind: FeedbackKind;
  value: FeedbackValue;
  /** The version that wrote the judged answer, or, of a comparison, the left and the right one. */
  versions: (string | null)[];
  /** The answer was one of two side by side, which are no sample of what people get. */
  isOfPair: boolean;
  groups: Partial<Record<GroupKey, string>>;
}

const answer = alias(message, 'answer');
const question = alias(message, 'question');
const left = alias(generation, 'left_answer');
const right = alias(generation, 'right_answer');

/** Of the newest feedback, that of consented conversations; `tastes` is by rater id, empty if no run has told people's tastes apart. */
export async function readGroupVotes(db: Database, tastes: ReadonlyMap<string, string>): Promise<GroupVote[]> {
  const rows = await byIndex(db, async (tx) => selectVotes(tx, (await newestVotes(tx, 'said')).isAmong));
  return rows.map(({ person, kind, value, own, left, right, isOfPair, said, question, topic }): GroupVote => {
    const taste = tastes.get(raterIdOf(person));
    return {
      person,
      kind,
      value,
      versions: kind === 'comparison' ? [left, right] : [own],
      isOfPair,
      groups: {
        language: languageOf(question ?? ''),
        topic: topic ?? CHAT_TOPIC,
        ...saidGroups(said),
        ...(taste !== undefined && { taste }),
      },
    };
  });
}

function selectVotes(db: Executor, isAmong: SQL) {
  return db
    .select({
      person: feedback.userId,
      kind: feedback.kind,
      value: feedback.value,
      own: generation.versionId,
      left: left.versionId,
      right: right.versionId,
      isOfPair: sql<boolean>`exists (select from ${comparison} pair where pair.source = 'side_by_side'
        and ${generation.id} in (pair.left_generation_id, pair.right_generation_id))`,
      said: user.groups,
      question: sql<string | null>`left(${question.content}, ${MOST_QUESTION})`,
      topic: promptSet.name,
    })
    .from(feedback)
    .innerJoin(user, eq(user.id, feedback.userId))
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .leftJoin(generation, eq(generation.id, feedback.generationId))
    .leftJoin(left, eq(left.id, comparison.leftGenerationId))
    .leftJoin(right, eq(right.id, comparison.rightGenerationId))
    .leftJoin(answer, sql`${answer.id} = coalesce(${generation.messageId}, ${left.messageId})`)
    .leftJoin(question, sql`${question.id} = coalesce(${feedback.messageId}, ${answer.parentId})`)
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .leftJoin(promptSet, eq(promptSet.id, conversation.promptSetId))
    .where(and(isAmong, isTrainable, isNotNull(question.id)))
    .orderBy(desc(feedback.createdAt), desc(feedback.id));
}

const saidGroups = (said: Record<string, string>) =>
  Object.fromEntries(SELF_GROUP_NAMES.map((name) => [name, said[name] ?? UNSAID])) as Record<SelfGroup, string>;
