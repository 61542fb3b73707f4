// Finds the lines of a data set that people have taken back: those that no conversation or vote covers any longer.
import { and, eq, ne, or, type SQL, sql } from 'drizzle-orm';
import { sha256 } from '@/core/hash';
import { parseRow, type SnapshotRow } from '@/core/snapshot/snapshot';
import type { Executor } from '../client';
import { comparison, conversation, feedback, generation, message } from '../schema';
import { conversationOfFeedback, isTrainable } from './trainable-feedback';

/**
 * The lines that no consented conversation covers now. Feedback must still exist, even if it has changed, and must not be
 * excluded; a prompt and a logged completion stay while any such conversation has the same one. Rows that name neither
 * feedback nor a completion come from files, not from people's conversations. `isCovering` says which conversations cover
 * the rows that nobody has rated.
 */
export async function findWithdrawn(
  tx: Executor,
  lines: readonly string[],
  isCovering: SQL = eq(conversation.allowTraining, true),
): Promise<number[]> {
  const rows = lines.flatMap((line, index) => {
    const source = line === '' ? null : sourceOf(parseRow(line));
    return source ? [{ index, ...source }] : [];
  });
  const keysOf = (kind: Source['kind']) => [...new Set(rows.filter((row) => row.kind === kind).map(({ key }) => key))];
  const covered: Record<Source['kind'], Set<string>> = {
    feedback: await coveredFeedback(tx, keysOf('feedback'), isCovering),
    comparison: await coveredComparisons(tx, keysOf('comparison')),
    thumb: await coveredThumbs(tx, keysOf('thumb')),
    prompt: await coveredTokens(tx, digestOf(sql`${generation.promptIds}::text`), keysOf('prompt'), isCovering),
    generation: await coveredTokens(
      tx,
      digestOf(sql`${generation.promptIds}::text || ${generation.completionIds}::text`),
      keysOf('generation'),
      isCovering,
    ),
  };
  return rows.filter(({ kind, key }) => !covered[kind].has(key)).map(({ index }) => index);
}

interface Source {
  /** Old snapshots name comparisons and thumbs by their completions. */
  kind: 'feedback' | 'comparison' | 'thumb' | 'prompt' | 'generation';
  key: string;
}

function sourceOf(row: SnapshotRow): Source | null {
  if ('feedbackId' in row && row.feedbackId !== undefined) return { kind: 'feedback', key: row.feedbackId };
  switch (row.kind) {
    case 'comparison':
      return { kind: row.kind, key: `${row.left.generationId} ${row.right.generationId}` };
    case 'thumb':
      return { kind: row.kind, key: row.answer.generationId };
    case 'prompt':
      return { kind: row.kind, key: sha256(asArray(row.promptIds)) };
    case 'generation':
      return { kind: row.kind, key: sha256(asArray(row.promptIds) + asArray(row.answerIds)) };
    default:
      return null;
  }
}

const hasOneTurn = sql`(select count(*) from ${message} turn
  where turn.conversation_id = ${conversation.id} and turn.role = 'user') = 1`;

/** The text that Postgres makes of an integer[]. */
const asArray = (ids: readonly number[]) => `{${ids.join()}}`;
/** The same hex digest as `sha256`. */
const digestOf = (text: SQL) => sql<string>`encode(sha256((${text})::bytea), 'hex')`;

/** A weak signal is no rating, and the prompt of a later turn holds earlier ones that perhaps nobody rated. */
async function coveredFeedback(tx: Executor, keys: readonly string[], isCovering: SQL): Promise<Set<string>> {
  const found = await tx
    .select({ id: feedback.id })
    .from(feedback)
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .where(
      and(
        isTrainable,
        or(isCovering, and(ne(feedback.kind, 'implicit'), hasOneTurn)),
        sql`${feedback.id} = any(${sql.param([...keys])}::uuid[])`,
      ),
    );
  return new Set(found.map(({ id }) => id));
}

async function coveredComparisons(tx: Executor, keys: readonly string[]): Promise<Set<string>> {
  const found = await tx
    .select({ left: comparison.leftGenerationId, right: comparison.rightGenerationId })
    .from(comparison)
    .innerJoin(feedback, eq(feedback.comparisonId, comparison.id))
    .innerJoin(conversation, eq(conversation.id, comparison.conversationId))
    .where(
      and(
        isTrainable,
        sql`${comparison.leftGenerationId} = any(${sql.param(keys.map((key) => key.split(' ')[0]!))}::uuid[])`,
      ),
    );
  return new Set(found.map(({ left, right }) => `${left} ${right}`));
}

async function coveredThumbs(tx: Executor, keys: readonly string[]): Promise<Set<string>> {
  const found = await tx
    .select({ id: generation.id })
    .from(feedback)
    .innerJoin(generation, eq(generation.id, feedback.generationId))
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(and(eq(feedback.kind, 'thumb'), isTrainable, sql`${generation.id} = any(${sql.param([...keys])}::uuid[])`));
  return new Set(found.map(({ id }) => id));
}

async function coveredTokens(tx: Executor, digest: SQL<string>, keys: readonly string[], isCovering: SQL) {
  if (keys.length === 0) return new Set<string>();
  const found = await tx
    .selectDistinct({ key: digest })
    .from(generation)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(and(isCovering, sql`${digest} = any(${sql.param([...keys])}::text[])`));
  return new Set(found.map(({ key }) => key));
}
