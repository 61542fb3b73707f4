// What a person is told of rules that acted on a text: the kind, and the sentence of the rule if it has one.
import { and, asc, eq, inArray, isNotNull, or } from 'drizzle-orm';
import type { RuleKind } from '@/core/constraints/rules';
import type { Executor } from '@/db/client';
import { constraintHit, ruleVersion } from '@/db/schema';
import type { NoticeView } from './views';

interface Told {
  messageId?: string;
  generationId?: string;
  finishReason: string | null;
}

type Row = Pick<typeof constraintHit.$inferSelect, 'messageId' | 'generationId' | 'attempt' | 'action'> & {
  kind: unknown;
  message: unknown;
};

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

async function readRows(db: Executor, ids: readonly string[]): Promise<Row[]> {
  if (ids.length === 0) return [];
  const { messageId, generationId, attempt, action } = constraintHit;
  const rows = await db
    .select({ messageId, generationId, attempt, action, settings: ruleVersion.settings })
    .from(constraintHit)
    .innerJoin(
      ruleVersion,
      and(eq(ruleVersion.ruleId, constraintHit.ruleId), eq(ruleVersion.version, constraintHit.ruleVersion)),
    )
    .where(and(or(inArray(messageId, [...ids]), inArray(generationId, [...ids])), isNotNull(action)))
    .orderBy(asc(constraintHit.start));
  return rows.map(({ settings, ...row }) => ({ ...row, kind: settings.kind, message: settings.message ?? null }));
}

/** Several hits of one kind are one notice. */
function noticesIn(rows: readonly Row[], finishReason: string | null): NoticeView[] {
  const told = new Map<string, NoticeView>();
  const tell = ({ kind, message }: Row, effect: NoticeView['effect']) => {
    const notice = { effect, kind: kind as RuleKind, message: message as string | null };
    told.set(JSON.stringify(notice), notice);
  };
  const isBlocked = finishReason === 'constraint';
  for (const row of rows) {
    const isKept = row.attempt === null;
    if (isKept && (row.action === 'mask' || row.action === 'best-of-n')) tell(row, 'masked');
    if (isKept && isBlocked && (row.action === 'block' || row.action === 'regenerate')) tell(row, 'blocked');
    if (!isKept && !isBlocked && row.action === 'regenerate') tell(row, 'rewritten');
  }
  return [...told.values()];
}
