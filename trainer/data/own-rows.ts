// Reads a row of a snapshot from a file, and refuses tokens that the base does not have.
import { z } from 'zod';
import type { Base } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { completionsOfRow, ROW_KINDS, SnapshotRow } from '@/core/snapshot/snapshot';
import { excerpt } from '@/core/text/text';
import { nameUnknownKeys, nearestName } from '@/core/text/unknown-keys';

/** Throws BAD_INPUT naming the place and what is wrong with the row. */
export function parseOwnRow(value: Record<string, unknown>, place: string, base: Base): SnapshotRow {
  const { kind } = value;
  if (!ROW_KINDS.includes(kind as never)) {
    const meant = typeof kind === 'string' ? nearestName(kind, ROW_KINDS) : null;
    const hint = meant ? `did you mean "${meant}"?` : `kinds are ${ROW_KINDS.join(', ')}.`;
    throw new AttuneError('BAD_INPUT', `${place}: no row has the kind ${excerpt(JSON.stringify(kind), 40)}; ${hint}`);
  }
  const parsed = SnapshotRow.safeParse(value, { error: nameUnknownKeys });
  if (!parsed.success) {
    throw new AttuneError('BAD_INPUT', `${place}: ${excerpt(z.prettifyError(parsed.error).replace(/\s+/g, ' '), 300)}`);
  }
  const row = parsed.data;
  // No admin of this product vouches for a file.
  if ('isVouchedFor' in row) delete row.isVouchedFor;
  const { vocabSize } = base.weights.config;
  for (const ids of [row.promptIds, ...completionsOfRow(row)]) {
    const bad = ids.find((id) => id >= vocabSize);
    if (bad === undefined) continue;
    throw new AttuneError(
      'BAD_INPUT',
      `${place}: token ${bad} is outside ${base.id}'s vocabulary of ${vocabSize}. Was the snapshot made with another base?`,
    );
  }
  return row;
}
