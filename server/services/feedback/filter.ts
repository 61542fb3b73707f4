// The conditions by which an admin narrows the list of feedback, on `feedback` joined with its author and its pair.
import { and, eq, ilike, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { FEEDBACK_SOURCES, FeedbackKind } from '@/core/feedback/kinds';
import { comparison, conversation, feedback, generation, message, user } from '@/db/schema';
import { patternOf } from '@/server/services/contains';
import { checkCharacters } from '@/server/services/text';

/** What feedback may have: a thumb in one direction, a comment, or reasons, which flaws are, too. */
export const FEEDBACK_MARKS = ['up', 'down', 'comment', 'reason'] as const;
/** When the chat's owner allowed training: with the first message, or afterwards. Feedback of others is only counted. */
export const CONSENTS = ['from_start', 'later', 'withheld'] as const;

/** What may be asked about feedback that nobody may read: it tells neither words nor people. */
export interface CoarseFilter {
  kind?: FeedbackKind | undefined;
  versionId?: string | undefined;
  mark?: (typeof FEEDBACK_MARKS)[number] | undefined;
}

export interface FeedbackFilter extends CoarseFilter {
  source?: (typeof FEEDBACK_SOURCES)[number] | undefined;
  /** A reason of a thumb, or a flaw by its id. */
  reason?: string | undefined;
  /** The id of the person who gave it, or part of the name or the e-mail address. */
  rater?: string | undefined;
  consent?: (typeof CONSENTS)[number] | undefined;
  /** Part of the message, the answers, the comment, or what the person wrote. */
  text?: string | undefined;
  isExcluded?: boolean | undefined;
}

/** The answers that a row is about. */
const judged = sql`(array[${feedback.generationId}, ${comparison.leftGenerationId}, ${comparison.rightGenerationId}]
  || array(select (id #>> '{}')::uuid from jsonb_path_query(${feedback.value}, '$.generationIds[*]') id)
  || array(select (id #>> '{}')::uuid from jsonb_path_query(${feedback.value}, '$.order[*][*]') id))`;

const MARKS: Record<(typeof FEEDBACK_MARKS)[number], SQL | undefined> = {
  up: sql`${feedback.value} -> 'up' = 'true'`,
  down: sql`${feedback.value} -> 'up' = 'false'`,
  comment: and(isNotNull(feedback.comment), sql`trim(${feedback.comment}) <> ''`),
  reason: sql`(${feedback.value} @? '$.reasons[*]' or ${feedback.value} @? '$.flaws[*]')`,
};

const CONSENT: Record<(typeof CONSENTS)[number], SQL> = {
  from_start: isNull(conversation.consentedAt),
  later: isNotNull(conversation.consentedAt),
  withheld: sql`false`,
};

export function coarsely({ kind, versionId, mark }: CoarseFilter): SQL | undefined {
  checkCharacters(versionId ?? '', 'version');
  return and(
    kind && eq(feedback.kind, kind),
    mark && MARKS[mark],
    versionId === undefined
      ? undefined
      : sql`exists (select from ${generation} g where g.version_id = ${versionId} and g.id = any(${judged}))`,
  );
}

export function finely(filter: FeedbackFilter): SQL | undefined {
  const { source, reason, rater, consent, text, isExcluded } = filter;
  checkCharacters(rater ?? '', 'name or address');
  checkCharacters(reason ?? '', 'reason');
  checkCharacters(text ?? '', 'search text');
  return and(
    coarsely(filter),
    source && eq(feedback.source, source),
    reason === undefined ? undefined : givesReason(reason),
    rater?.trim() ? hasGiven(rater) : undefined,
    consent && CONSENT[consent],
    text?.trim() ? says(patternOf(text)) : undefined,
    isExcluded === undefined ? undefined : isExcluded ? isNotNull(feedback.excludedAt) : isNull(feedback.excludedAt),
  );
}

const hasGiven = (rater: string) =>
  or(eq(user.id, rater.trim()), ilike(user.name, patternOf(rater)), ilike(user.email, patternOf(rater)));

/** As a reason of a thumb, a flaw that is named, or one that is ticked in a questionnaire. */
const givesReason = (reason: string) => sql`(${feedback.value} -> 'reasons' @> to_jsonb(${reason}::text)
  or ${feedback.value} -> 'flaws' @> jsonb_build_array(jsonb_build_object('flaw', ${reason}::text))
  or ${feedback.value} -> 'answers' @> jsonb_build_object(${reason}::text, true))`;

const says = (pattern: string) => sql`(${feedback.comment} ilike ${pattern}
  or ${feedback.value} ->> 'text' ilike ${pattern}
  or exists (select from jsonb_path_query(${feedback.value}, '$.flaws[*].reason') said where said #>> '{}' ilike ${pattern})
  or exists (select from ${message} m where m.content ilike ${pattern} and m.id = any(
    array[${feedback.messageId}] || array(select unnest(array[a.id, a.parent_id]) from ${generation} g
      join ${message} a on a.id = g.message_id where g.id = any(${judged})))))`;

export const isAmong = (ids: readonly string[]) => sql`${feedback.id} = any(${sql.param([...ids])}::uuid[])`;
