// Counts the feedback and prompts from which a run that starts now could learn.
import { sql } from 'drizzle-orm';
import type { AtHand } from '@/core/runs/needs';
import type { Executor } from '@/db/client';
import { conversationOfFeedback, isTrainable } from '@/db/feedback/trainable-feedback';
import { conversation, feedback, generation, raterStanding } from '@/db/schema';

/** The newest rows that are looked at, so that the count takes as long with millions of rows as with thousands. */
const MOST_FEEDBACK = 10_000;
const MOST_ANSWERS = 5000;

/** Upper limits: the snapshot may leave out rows for reasons that only its texts show. */
export async function countAtHand(db: Executor): Promise<AtHand> {
  const [votes, prompts] = await Promise.all([countVotes(db), countPrompts(db)]);
  const isPartial = Number(votes.seen) >= MOST_FEEDBACK || Number(prompts.seen) >= MOST_ANSWERS;
  return {
    decided: Number(votes.decided),
    undecided: Number(votes.undecided),
    thumbs: Number(votes.thumbs),
    others: Number(votes.others),
    shown: Number(votes.shown),
    prompts: Number(prompts.different),
    isPartial,
  };
}

/** The driver gives counts as text. */
type Counts<Name extends string> = Record<Name, string>;

async function countVotes(db: Executor) {
  const isKind = (...kinds: string[]) => sql`${feedback.kind} in ${kinds}`;
  const isBanned = sql`exists (select from ${raterStanding} s where s.user_id = ${feedback.userId} and s.standing = 'banned')`;
  const { rows } = await db.execute<Counts<'seen' | 'decided' | 'undecided' | 'thumbs' | 'others' | 'shown'>>(sql`
    with newest as (select * from ${feedback} order by created_at desc limit ${MOST_FEEDBACK})
    select (select count(*) from newest) as seen,
      count(*) filter (where ${isKind('comparison')} and ${feedback.value}->>'choice' <> 'tie') as decided,
      count(*) filter (where ${isKind('comparison')} and ${feedback.value}->>'choice' = 'tie') as undecided,
      count(*) filter (where ${isKind('thumb')}) as thumbs,
      count(*) filter (where ${isKind('best_of', 'ranking', 'rating', 'questionnaire', 'flaws', 'correction')}) as others,
      count(*) filter (where ${isKind('demonstration', 'correction', 'rating')}
        or (${isKind('thumb')} and (${feedback.value}->>'up')::boolean)) as shown
    from newest as ${feedback} join ${conversation} on ${conversation.id} = ${conversationOfFeedback}
    where ${isTrainable} and not ${isBanned}`);
  return rows[0]!;
}

async function countPrompts(db: Executor) {
  const { rows } = await db.execute<Counts<'seen' | 'different'>>(sql`
    with newest as (select * from ${generation} order by created_at desc limit ${MOST_ANSWERS})
    select (select count(*) from newest) as seen, count(distinct ${generation.promptIds}) as different
    from newest as ${generation} join ${conversation} on ${conversation.id} = ${generation.conversationId}
    where ${conversation.allowTraining} and ${generation.status} in ('done', 'stopped')`);
  return rows[0]!;
}
