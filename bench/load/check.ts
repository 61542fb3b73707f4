// Checks that no streams were mixed up: compares what each client read with the database's row.
import { inArray } from 'drizzle-orm';
import type { Tokenizer } from '@/core/base/base';
import { MASK } from '@/core/constraints/judge';
import type { Database } from '@/db/client';
import { generation } from '@/db/schema';
import type { Asked } from './client';

export interface Mixing {
  /** Answers that were checked. */
  checked: number;
  /**
   * Answers whose row is missing, prompt lacks the nonce, or text differs from the row's tokens or has a foreign nonce.
   */
  mixed: number;
  /** Answers that repeat their nonce exactly, which a small model does not always manage. */
  repeated: number;
  /** Cases in which two clients got the same generation. */
  shared: number;
}

const BATCH = 500;

export async function checkMixing(db: Database, tokenizer: Tokenizer, asked: readonly Asked[]): Promise<Mixing> {
  const answered = asked.flatMap(({ nonce, answer }) => (answer ? [{ nonce, ...answer }] : []));
  const ids = answered.map(({ generationId }) => generationId);
  const result: Mixing = { checked: answered.length, mixed: 0, repeated: 0, shared: ids.length - new Set(ids).size };
  const nonceOf = (text: string): string[] => text.match(/zq[0-9a-f]{8}/g) ?? [];
  const known = new Set(asked.map(({ nonce }) => nonce));
  for (let at = 0; at < answered.length; at += BATCH) {
    const batch = answered.slice(at, at + BATCH);
    const rows = await db
      .select({ id: generation.id, promptIds: generation.promptIds, completionIds: generation.completionIds })
      .from(generation)
      .where(
        inArray(
          generation.id,
          batch.map(({ generationId }) => generationId),
        ),
      );
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const { nonce, generationId, text, completionTokens } of batch) {
      const row = byId.get(generationId);
      const written = row && tokenizer.decode(row.completionIds.filter((id) => !tokenizer.isSpecial(id)));
      const isOwn =
        row !== undefined &&
        tokenizer.decode(row.promptIds).includes(nonce) &&
        isSame(written!, text) &&
        row.completionIds.length === completionTokens &&
        nonceOf(text).every((found) => found === nonce || !known.has(found));
      if (!isOwn) result.mixed++;
      if (text.includes(nonce)) result.repeated++;
    }
  }
  return result;
}

/** A content rule replaces characters by `MASK`, one for one. */
const isSame = (written: string, shown: string) =>
  written.length === shown.length &&
  Array.from({ length: shown.length }, (_, at) => shown[at] === written[at] || shown[at] === MASK).every(Boolean);
