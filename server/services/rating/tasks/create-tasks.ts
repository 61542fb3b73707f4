// Makes tasks of prompts: from chats whose owners let raters read them, or from an uploaded set.
import { and, asc, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { TASK_KINDS } from '@/core/feedback/task-answers';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { insertAll } from '@/db/many';
import { champion } from '@/db/release';
import { conversation, generation, message, questionnaire, ratingTask, version } from '@/db/schema';
import { readSettings } from '@/db/settings';
import type { Product } from '@/server/services/product';
import { isOpenToRaters } from '../assignment';

/** What an admin can ask for; reviews and disagreements follow from answers. */
export type CreatedKind = Exclude<(typeof TASK_KINDS)[number], 'review' | 'adjudicate'>;

export interface CreateTasksInput {
  kind: CreatedKind;
  /** An uploaded set; null for messages of chats, newest first. */
  promptSetId: string | null;
  /** Most tasks to make. */
  count: number;
  /** Completions of a ranking. */
  completions?: number;
  questionnaireId?: string;
  /** Write what an uploaded prompt lacks, in turn; absent: the champion. */
  versionIds?: string[];
}

/** Returns how many were made, and how many of those wait for answers of the model. */
export async function createTasks(
  product: Product,
  actorId: string,
  input: CreateTasksInput,
): Promise<{ created: number; waiting: number }> {
  const { overlapShare, overlapRaters } = (await readSettings(product.db)).rating;
  return product.db.transaction(async (tx) => {
    await checkQuestionnaire(tx, input);
    const versionIds = await findVersions(tx, input.versionIds);
    const wanted = completionsOf(input);
    const prompts = await findPrompts(tx, input, wanted);
    const rows = prompts.map(({ messageId, generationIds }) => ({
      kind: input.kind,
      messageId,
      generationIds: generationIds.slice(0, wanted),
      pendingVersionIds: Array.from(
        { length: Math.max(0, wanted - generationIds.length) },
        (_, at) => versionIds[at % versionIds.length]!,
      ),
      questionnaireId: input.kind === 'questionnaire' ? input.questionnaireId! : null,
      promptSetId: input.promptSetId,
      needed: product.random() < overlapShare ? overlapRaters : 1,
    }));
    await insertAll(rows, (some) => tx.insert(ratingTask).values(some));
    const waiting = rows.filter(({ pendingVersionIds }) => pendingVersionIds.length > 0).length;
    const { kind, promptSetId } = input;
    await recordAudit(tx, actorId, 'rating.tasks', kind, { promptSetId, created: rows.length });
    return { created: rows.length, waiting };
  });
}

function completionsOf({ kind, completions }: CreateTasksInput): number {
  if (kind === 'write') return 0;
  if (kind === 'compare') return 2;
  return kind === 'rank' ? (completions ?? 3) : 1;
}

async function checkQuestionnaire(tx: Executor, { kind, questionnaireId }: CreateTasksInput): Promise<void> {
  if (kind !== 'questionnaire') return;
  const [row] = questionnaireId
    ? await tx
        .select({ id: questionnaire.id })
        .from(questionnaire)
        .where(and(eq(questionnaire.id, questionnaireId), isNull(questionnaire.retiredAt)))
    : [];
  if (!row) throw new AttuneError('BAD_INPUT', 'Choose a questionnaire that is in use.', { param: 'questionnaireId' });
}

async function findVersions(tx: Executor, asked: string[] = []): Promise<string[]> {
  if (asked.length === 0) return [(await champion(tx)).versionId];
  const known = await tx.select({ id: version.id }).from(version).where(inArray(version.id, asked));
  const unknown = asked.find((id) => !known.some((row) => row.id === id));
  if (unknown !== undefined) throw new AttuneError('NOT_FOUND', `There is no version ${unknown}.`);
  return asked;
}

/**
 * Messages without a task of this kind, and their finished answers, newest first. Prompts of chats need enough answers
 * already, because a new one would appear in the chat of its owner; those of a set get what they lack.
 */
async function findPrompts(tx: Executor, { kind, promptSetId, count }: CreateTasksInput, wanted: number) {
  const finished = sql`(select coalesce(array_agg(g.id order by g.created_at desc), '{}') from ${generation} g
    join ${message} a on a.id = g.message_id
    where a.parent_id = ${message}.id and g.status in ('done', 'stopped') and a.content <> '')`;
  const rows = await tx
    .select({ messageId: message.id, generationIds: sql<string[]>`${finished}` })
    .from(message)
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(
      and(
        promptSetId === null ? isOpenToRaters : eq(conversation.allowTraining, true),
        eq(message.role, 'user'),
        sql`${message.content} <> ''`,
        promptSetId === null ? isNull(conversation.promptSetId) : eq(conversation.promptSetId, promptSetId),
        // Earlier turns of an uploaded prompt are its context.
        promptSetId === null
          ? sql`cardinality(${finished}) >= greatest(1, ${wanted}::int)`
          : sql`not exists (select from ${message} next where next.parent_id = ${message}.id and exists (
              select from ${message} reply where reply.parent_id = next.id))`,
        sql`not exists (select from ${ratingTask} where ${ratingTask.messageId} = ${message.id}
          and ${ratingTask.kind} = ${kind})`,
      ),
    )
    .orderBy(promptSetId === null ? desc(message.createdAt) : asc(message.createdAt), message.id)
    .limit(count)
    // A chat that is being deleted is passed over.
    .for('key share', { of: conversation, skipLocked: true });
  return rows;
}
