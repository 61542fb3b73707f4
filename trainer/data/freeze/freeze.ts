// Freezes the feedback and prompts of consented conversations up to a moment into a hashed JSONL file.
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import type { Base } from '@/core/base/base';
import { learnsFromLogged, parseConfig } from '@/core/config/presets';
import { writeDurably } from '@/core/durable-file';
import { sha256 } from '@/core/hash';
import { isReshaped } from '@/core/sampling';
import { encodeRows, type SnapshotRow, snapshotFile } from '@/core/snapshot/snapshot';
import { snapshot } from '@/db/schema';
import type { RunLease } from '@/trainer/runs/lease';
import { RowCollector, type UnsplitRow } from '../snapshot';
import { promptKeyOf, splitAsked } from '../split';
import { type Draft, gatherFeedback } from './feedback';
import { type Logged, type Prompt, selectLogged, selectPrompts } from './selection';
import { overShare } from './share';

/** Returns the id. Rows that people took back while they were gathered are left out by `readSnapshot`. */
export async function freezeSnapshot(lease: RunLease, folder: string, base: Base): Promise<string> {
  const { rows, counts, frozenUpTo } = await collectRows(lease, base);
  const content = encodeRows(rows);
  const id = randomUUID();
  await mkdir(folder, { recursive: true });
  const file = snapshotFile(folder, id);
  await writeDurably(file, content);
  try {
    await lease.transaction(async (tx) => {
      await tx.insert(snapshot).values({ id, sha256: sha256(content), counts, frozenUpTo });
      return { snapshotId: id };
    });
  } catch (error) {
    // Nothing would take words out of a file that no row names.
    await rm(file, { force: true });
    throw error;
  }
  return id;
}

/** One consistent view of the database: votes cast meanwhile belong to the next snapshot. */
async function collectRows({ db, run }: RunLease, base: Base) {
  const config = parseConfig(run.config);
  const asksForLogged = learnsFromLogged(config);
  return db.transaction(
    async (tx) => {
      const { rows: clock } = await tx.execute<{ now: string }>(sql`select now()::text as now`);
      const frozenUpTo = new Date(clock[0]!.now);
      const collector = new RowCollector();
      const given = await gatherFeedback(tx, { upTo: frozenUpTo, base, tally: (name) => collector.tally(name) });
      const prompts = (await selectPrompts(tx, frozenUpTo)).map(promptDraft);
      const logged = asksForLogged ? await selectLogged(tx, frozenUpTo, run.parentVersionId) : [];
      const drafts = [...given, ...prompts, ...logged.flatMap((one) => loggedDraft(one, collector) ?? [])];
      assemble(collector, drafts, base, config.aiShare);
      const { rows, counts } = collector;
      counts.truncated_sampling = rows.filter(isFromTruncatedSampling).length;
      return { frozenUpTo, rows, counts };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

function assemble(collector: RowCollector, drafts: readonly Draft[], base: Base, aiShare: number): void {
  const asked = drafts.map(({ row, conversation, person }) => ({ promptIds: row.promptIds, conversation, person }));
  const sides = splitAsked(asked, promptKeyOf(base.tokenizer));
  const leftOut = overShare(drafts, sides, aiShare);
  const seen = new Set<string>();
  for (const [i, draft] of drafts.entries()) {
    const { row } = draft;
    if (leftOut.has(draft)) {
      collector.tally('left_out/over_ai_share');
      continue;
    }
    if (row.kind === 'prompt') {
      // A prompt that was asked several times is one row; the repetitions do not count as left out.
      const key = row.promptIds.join();
      if (sides[i] === null || seen.has(key)) continue;
      seen.add(key);
    }
    collector.keep(row, sides[i]!);
  }
}

function promptDraft({ promptIds, ...asked }: Prompt): Draft {
  return { row: { kind: 'prompt', promptIds }, ...asked };
}

function loggedDraft({ promptIds, completionIds, logprobs, sampling, ...asked }: Logged, collector: RowCollector) {
  const isPlain = sampling.temperature === 1 && !isReshaped(sampling) && sampling.stop.length === 0;
  if (!isPlain) collector.tally('left_out/shaped_sampling');
  else if (completionIds.length === 0 || logprobs.length !== completionIds.length)
    collector.tally('left_out/no_logprobs');
  else {
    const row: UnsplitRow = { kind: 'generation', promptIds, answerIds: completionIds, logprobs };
    return { row, ...asked };
  }
  return null;
}

const isFromTruncatedSampling = (row: SnapshotRow) =>
  row.kind === 'comparison'
    ? row.left.isTruncated || row.right.isTruncated
    : row.kind === 'thumb' && row.answer.isTruncated;
