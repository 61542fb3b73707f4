// Reads JSONL data sets, both published ones and Attune's own snapshots, into the rows of a snapshot.
import type { Base } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { describeLeftOut } from '@/core/snapshot/left-out';
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import { excerpt } from '@/core/text/text';
import { conversationsOf } from './conversations';
import { parseOwnRow } from './own-rows';
import { type Found, readLine, SHAPES } from './published';
import { RowCollector } from './snapshot';
import { type Asked, promptKeyOf, splitAsked } from './split';
import { readTextFile } from './text-file';
import { tokenSource } from './token-source';

export interface DataSet {
  rows: SnapshotRow[];
  /** Counts of rows by `kind/split`, of what was left out, and of fields that were not read. */
  counts: Record<string, number>;
}

/** Throws BAD_INPUT naming file and line if a line has none of the known shapes. */
export async function readDataFiles(files: readonly string[], base: Base): Promise<DataSet> {
  const collector = new RowCollector();
  const source = tokenSource(base, (name) => collector.tally(name));
  const own: SnapshotRow[] = [];
  const found: (Found & { place: string })[] = [];
  for (const file of files) {
    for (const [i, line] of (await readTextFile(file)).split('\n').entries()) {
      if (line.trim() === '') continue;
      const place = `${file}:${i + 1}`;
      const value = parseObject(line, place);
      if (Object.hasOwn(value, 'kind')) own.push(parseOwnRow(value, place, base));
      else for (const row of readLine(value, place, source)) found.push({ ...row, place });
    }
  }
  const keyOf = promptKeyOf(base.tokenizer);
  const asked = askedOf(own, found, keyOf);
  const sides = splitAsked(asked, keyOf);
  for (const [i, row] of own.entries()) collector.keep(row, sides[i]!);
  const prompts = new Set<string>();
  for (const [i, { row }] of found.entries()) {
    collector.keep(row, sides[own.length + i]!);
    if (row.kind === 'prompt') prompts.add(row.promptIds.join());
  }
  for (const [i, { row }] of found.entries()) {
    const side = sides[own.length + i]!;
    const key = row.promptIds.join();
    if (side === null || prompts.has(key)) continue;
    prompts.add(key);
    collector.keep({ kind: 'prompt', promptIds: row.promptIds }, side);
  }
  const { rows, counts } = collector;
  if (rows.length === 0) {
    const limit = counts['left_out/too_long']
      ? ` ${base.id} reads at most ${base.weights.config.maxPositions} tokens.`
      : '';
    throw new AttuneError(
      'BAD_INPUT',
      `${files.join(', ')}: no row can be used. ${describeLeftOut(counts)}${limit}`.trim(),
    );
  }
  return { rows, counts };
}

/** Keeps a prompt with its conversation, and on the side that a snapshot among the files has given it. */
function askedOf(
  own: readonly SnapshotRow[],
  found: readonly (Found & { place: string })[],
  keyOf: (ids: readonly number[]) => string,
): Asked[] {
  const conversations = conversationsOf([
    ...own.map(({ promptIds }) => ({ names: [`prompt ${keyOf(promptIds)}`], dialogue: [] })),
    ...found.map(({ row, dialogue, conversation, place }) => ({
      names: [
        `prompt ${keyOf(row.promptIds)}`,
        `line ${place}`,
        ...(conversation ? [`conversation ${conversation}`] : []),
      ],
      dialogue,
    })),
  ]);
  const persons = found.map(({ person }) => person);
  return [
    ...own.map(({ promptIds, split }, i) => ({ promptIds, conversation: conversations[i]!, given: split })),
    ...found.map(({ row }, i) => ({
      promptIds: row.promptIds,
      conversation: conversations[own.length + i]!,
      person: persons[i],
    })),
  ];
}

function parseObject(line: string, place: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    const isSpread = /^\s*[[{]\s*$/u.test(line);
    throw new AttuneError(
      'BAD_INPUT',
      isSpread
        ? `${place}: one JSON value over several lines. Give one object per line: jq --compact-output ${line.trim() === '[' ? "'.[]'" : '.'}`
        : `${place}: not JSON (${excerpt((cause as Error).message, 160)}). Give one object per line.`,
      { cause },
    );
  }
  const shown = excerpt(line.trim(), 40);
  if (line.trim().startsWith('[')) {
    throw new AttuneError(
      'BAD_INPUT',
      `${place}: ${shown} is a list. Give one object per line: jq --compact-output '.[]'`,
    );
  }
  throw new AttuneError('BAD_INPUT', `${place}: ${shown} is not an object. Give ${SHAPES}.`);
}
