// What a person is told of rules that acted on a text: the kind, and the sentence of the rule if it has one.
import { and, eq, isNotNull, min, or, sql } from 'drizzle-orm';
import type { RuleKind } from '@/core/constraints/rules';
import type { Executor } from '@/db/client';
import { isOneOf } from '@/db/many';
import { constraintHit, ruleVersion } from '@/db/schema';
import type { NoticeView } from './views';

interface Told {
  messageId?: string;
  generationId?: string;
  finishReason: string | null;
}

interface Row extends Pick<typeof constraintHit.$inferSelect, 'messageId' | 'generationId' | 'action' | 'isUnjudged'> {
  /** The hit is in a sample that was given up. */
  isGivenUp: boolean;
  kind: RuleKind;
  message: string | null;
}

/** Of one text. */
export async function noticesOf(db: Executor, told: Told): Promise<NoticeView[]> {
  const id = (told.generationId ?? told.messageId)!;
  return noticesIn(await readRows(db, [id]), told.finishReason);
}

/** Of several texts, by the id of the message or the generation. */
export async function readNotices(
  db: Executor,
  texts: readonly { id: string; finishReason: string | null }[],
): Promise<Map<string, NoticeView[]>> {
  const rows = await readRows(
    db,
    texts.map(({ id }) => id),
  );
  return new Map(
    texts.map(({ id, finishReason }) => [
      id,
      noticesIn(
        rows.filter(({ messageId, generationId }) => id === (generationId ?? messageId)),
        finishReason,
      ),
    ]),
  );
}

/** One row for many hits that are told alike, in the order of the first; a rule's settings may be large. */
async function readRows(db: Executor, ids: readonly string[]): Promise<Row[]> {
  if (ids.length === 0) return [];
  const { messageId, generationId, action, isUnjudged } = constraintHit;
  const isGivenUp = sql<boolean>`${constraintHit.attempt} is not null`;
  const kind = sql<RuleKind>`${ruleVersion.settings} ->> 'kind'`;
  const message = sql<string | null>`${ruleVersion.settings} ->> 'message'`;
  return db
    .select({ messageId, generationId, isGivenUp, action, kind, message, isUnjudged })
    .from(constraintHit)
    .innerJoin(
      ruleVersion,
      and(eq(ruleVersion.ruleId, constraintHit.ruleId), eq(ruleVersion.version, constraintHit.ruleVersion)),
    )
    .where(and(or(isOneOf(messageId, ids), isOneOf(generationId, ids)), isNotNull(action)))
    .groupBy(messageId, generationId, isGivenUp, action, kind, message, isUnjudged)
    .orderBy(min(constraintHit.start));
}

/** Several hits of one kind are one notice. */
function noticesIn(rows: readonly Row[], finishReason: string | null): NoticeView[] {
  const told = new Map<string, NoticeView>();
  const tell = ({ kind, message, isUnjudged }: Row, effect: NoticeView['effect']) => {
    const notice = { effect, kind, message, isUnjudged };
    told.set(JSON.stringify(notice), notice);
  };
  const isBlocked = finishReason === 'constraint';
  for (const row of rows) {
    if (!row.isGivenUp && (row.action === 'mask' || row.action === 'best-of-n')) tell(row, 'masked');
    if (!row.isGivenUp && isBlocked && (row.action === 'block' || row.action === 'regenerate')) tell(row, 'blocked');
    if (row.isGivenUp && !isBlocked && row.action === 'regenerate') tell(row, 'rewritten');
  }
  return [...told.values()];
}
