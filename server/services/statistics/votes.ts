// Reads people's comparisons of answers that two versions wrote, by how far each person is believed.
import { and, desc, eq, isNull, ne, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { FeedbackValue } from '@/core/feedback/kinds';
import type { Database, Executor } from '@/db/client';
import { byIndex, newestVotes } from '@/db/feedback/newest-votes';
import type { TrustOf } from '@/db/raters/trust';
import { comparison, feedback, generation, ratingAssignment } from '@/db/schema';

export interface VotedAnswer {
  versionId: string;
  messageId: string;
  tokens: number;
}

export interface VersionVote {
  person: string;
  a: VotedAnswer;
  b: VotedAnswer;
  /** 1 if a won, 0 if b won, 0.5 if they are equally good or both bad; of a reliable inverter it is turned over. */
  score: number;
  /** Trust in the person, above 0 to 1. */
  weight: number;
  /** The side that the person saw first. */
  first: 'a' | 'b';
}

const a = alias(generation, 'a');
const b = alias(generation, 'b');
const tokensOf = (side: typeof a | typeof b) =>
  sql<number>`coalesce(cardinality(${side.completionIds}), 0)`.mapWith(Number);

/**
 * Of the newest comparisons, newest first, without votes that an admin excluded and those of people who are not believed at all: the same votes as
 * in the statistics of versions.
 */
export async function readVersionVotes(
  db: Database,
  trustOf: TrustOf,
): Promise<{ votes: VersionVote[]; isTruncated: boolean }> {
  const { rows, isTruncated } = await byIndex(db, async (tx) => {
    const { isAmong, isTruncated } = await newestVotes(tx, 'comparison');
    return { rows: await selectVotes(tx, isAmong), isTruncated };
  });
  const votes = rows.flatMap(({ person, value, aId, a, b, shown }): VersionVote[] => {
    const trust = trustOf(person, 'comparison');
    if (trust === 0 || a.versionId === null || b.versionId === null) return [];
    const { choice } = value as FeedbackValue<'comparison'>;
    const score = choice === 'left' ? 1 : choice === 'right' ? 0 : 0.5;
    return [
      {
        person,
        a: { ...a, versionId: a.versionId },
        b: { ...b, versionId: b.versionId },
        score: trust > 0 ? score : 1 - score,
        weight: Math.abs(trust),
        // Left was shown first, except in the workplace, where each rater has an order of their own.
        first: (shown?.[0] ?? aId) === aId ? 'a' : 'b',
      },
    ];
  });
  return { votes, isTruncated };
}

function selectVotes(db: Executor, isAmong: SQL) {
  return db
    .select({
      person: feedback.userId,
      value: feedback.value,
      aId: a.id,
      a: { versionId: a.versionId, messageId: a.messageId, tokens: tokensOf(a) },
      b: { versionId: b.versionId, messageId: b.messageId, tokens: tokensOf(b) },
      shown: ratingAssignment.shown,
    })
    .from(feedback)
    .innerJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(a, eq(a.id, comparison.leftGenerationId))
    .innerJoin(b, eq(b.id, comparison.rightGenerationId))
    .leftJoin(ratingAssignment, eq(ratingAssignment.id, feedback.assignmentId))
    .where(and(isAmong, isNull(feedback.excludedAt), ne(a.versionId, b.versionId)))
    .orderBy(desc(feedback.createdAt), desc(feedback.id));
}
