// The rows of a frozen data set as texts, a page at a time: without what people have taken back since, and without
// unrated messages of people who were not told that others read them.
import { and, eq, isNotNull, or } from 'drizzle-orm';
import type { Tokenizer } from '@/core/base/base';
import type { FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import { strengthOf } from '@/core/feedback/margin';
import { groupBy } from '@/core/group-by';
import { isSelfGroup } from '@/core/groups';
import type { Split } from '@/core/snapshot/rows';
import { completionsOfRow, isGiven, parseRow, type SnapshotRow } from '@/core/snapshot/snapshot';
import { findWithdrawn } from '@/db/feedback/withdrawn-rows';
import { conversation } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { indexLines, readLines } from './line-index';
import type { RowContentView, RowKind, SnapshotRowsView } from './views';

const PAGE = 20;
/** Chats whose owners know that others read them, and what an administrator uploaded. */
const isReadUnrated = and(
  eq(conversation.allowTraining, true),
  or(eq(conversation.readersNamed, true), isNotNull(conversation.promptSetId)),
)!;

interface Asked {
  id: string;
  kind?: RowKind | undefined;
  split?: Split | undefined;
  /** The last line of the previous page. */
  cursor?: number | null | undefined;
}

export async function listRows(product: Product, asked: Asked): Promise<SnapshotRowsView> {
  const { db, snapshots, base } = product;
  const { id, kind, split, cursor } = asked;
  const index = await indexLines(db, snapshots, id);
  const found = index.lines.filter(
    (one) => one.line > (cursor ?? 0) && (!kind || one.kind === kind) && (!split || one.split === split),
  );
  const page = found.slice(0, PAGE);
  const texts = await readLines(id, index, page);
  // The trainer has just blanked lines.
  if (!texts) return listRows(product, asked);
  const taken = new Set(await findWithdrawn(db, texts));
  const unread = new Set(await findWithdrawn(db, texts, isReadUnrated));
  return {
    items: page.map(({ line }, i) => {
      const row = parseRow(texts[i]!);
      const withheld = taken.has(i) ? 'taken' : unread.has(i) ? 'unrated' : null;
      const place = { line, kind: row.kind, split: row.split };
      if (withheld) return { ...place, content: null, withheld };
      return { ...place, content: contentOf(row, base.tokenizer), withheld };
    }),
    nextCursor: found.length > PAGE ? page.at(-1)!.line : null,
  };
}

function contentOf(row: SnapshotRow, tokenizer: Pick<Tokenizer, 'decode' | 'vocabSize'>): RowContentView {
  const textOf = (ids: readonly number[]) =>
    ids.every((id) => id < tokenizer.vocabSize) ? tokenizer.decode(ids) : null;
  const versions = versionsOf(row);
  const given = isGiven(row) ? row : null;
  return {
    prompt: textOf(row.promptIds),
    completions: completionsOfRow(row).map((ids, i) => ({
      text: textOf(ids),
      versionId: versions[i] ?? null,
    })),
    said: saidIn(row),
    quality: row.kind === 'questionnaire' ? (row.quality ?? null) : null,
    trust: given && (given.trust ?? 1),
    raterId: given?.raterId ?? null,
    feedbackId: given?.feedbackId ?? null,
    groups: Object.fromEntries(Object.entries(given?.groups ?? {}).filter(([name]) => !isSelfGroup(name))),
  };
}

function versionsOf(row: SnapshotRow): (string | null)[] {
  if (row.kind === 'comparison') return [row.left.versionId, row.right.versionId];
  return row.kind === 'thumb' ? [row.answer.versionId] : [];
}

/** As the person said it, as far as the row tells: reasons are not in it. Null where the texts say it all. */
function saidIn(row: SnapshotRow): RowContentView['said'] {
  const said = <Kind extends FeedbackKind>(kind: Kind, value: FeedbackValue<Kind>) => ({ kind, value });
  switch (row.kind) {
    case 'comparison': {
      const strength = strengthOf(row.margin);
      return said('comparison', { choice: row.choice, ...(strength && { strength }) });
    }
    case 'thumb':
      return said('thumb', { up: row.up, reasons: [] });
    case 'best_of':
      return said('best_of', { generationIds: row.answers.map((_, i) => String(i)), best: String(row.best) });
    case 'ranking': {
      const byRank = groupBy([...row.ranks.keys()], (place) => row.ranks[place]!);
      const order = [...byRank].sort(([a], [b]) => a - b).map(([, places]) => places.map(String));
      return said('ranking', { order });
    }
    case 'rating':
      return said('rating', { rating: row.value });
    case 'questionnaire':
      return said('flaws', { flaws: row.flaws.map((flaw) => ({ flaw })) });
    case 'implicit': {
      const { copied, regenerated, abandoned, dwellMs } = row;
      const signals = Object.entries({ copied, regenerated, abandoned }).filter(([, is]) => is);
      return said('implicit', { ...Object.fromEntries(signals), ...(dwellMs !== undefined && { dwellMs }) });
    }
    default:
      return null;
  }
}
