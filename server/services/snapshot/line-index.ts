// Knows where the lines of a frozen data set stand and what each holds, so that a page of it is read without the rest.
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { openFrozen } from '@/core/snapshot/frozen';
import type { Split } from '@/core/snapshot/rows';
import { snapshotFile } from '@/core/snapshot/snapshot';
import type { Executor } from '@/db/client';
import { findSnapshot, goneError } from './file';
import type { RowKind } from './views';

/** Data sets that are remembered, and lines between two pauses in which the process answers others. */
const MOST_KEPT = 4;
const AT_ONCE = 2000;
const NEWLINE = 0x0a;

interface Line {
  /** From 1. */
  line: number;
  /** In the file, in bytes. */
  start: number;
  end: number;
  kind: RowKind;
  split: Split;
  feedbackId: string | null;
}

export interface LineIndex {
  file: string;
  /** Of the file that was read: another one has other lines in these places. */
  stamp: string;
  /** Without those that were blanked. */
  lines: Line[];
}

const held = globalThis as typeof globalThis & { attuneLineIndexes?: Map<string, Promise<LineIndex>> };

/**
 * Throws NOT_FOUND if the file is gone, and CORRUPT if it is not what was frozen. It is checked and read in full once,
 * and again when rows were blanked (then its hash is another) or the file was replaced.
 */
export async function indexLines(db: Executor, folder: string, id: string): Promise<LineIndex> {
  const file = snapshotFile(folder, id);
  const { sha256, tombstones } = await findSnapshot(db, id);
  const found = await stat(file, { bigint: true }).catch((cause: Error) => {
    throw goneError(id, cause);
  });
  const key = `${file} ${tombstones.at(-1)?.sha256 ?? sha256} ${stampOf(found)}`;
  held.attuneLineIndexes ??= new Map();
  const indexes = held.attuneLineIndexes;
  const known = indexes.get(key);
  if (known) return known;
  const index = readIndex(db, file, id);
  indexes.set(key, index);
  index.catch(() => indexes.delete(key));
  for (const oldest of [...indexes.keys()].slice(0, -MOST_KEPT)) indexes.delete(oldest);
  return index;
}

const stampOf = ({ ino, size, mtimeNs }: BigIntStats) => `${ino} ${size} ${mtimeNs}`;

async function readIndex(db: Executor, file: string, id: string): Promise<LineIndex> {
  const { stamp, content } = await withFile(id, file, async (handle) => ({
    stamp: stampOf(await handle.stat({ bigint: true })),
    content: await handle.readFile(),
  }));
  // After the file: the row lists lines before the trainer blanks them, so it knows of every blank line.
  const { lines: texts } = openFrozen(await findSnapshot(db, id), content, file);
  const lines: Line[] = [];
  let start = 0;
  for (const [at, text] of texts.entries()) {
    if ((at + 1) % AT_ONCE === 0) await setImmediate();
    const newline = content.indexOf(NEWLINE, start);
    const end = newline < 0 ? content.length : newline;
    if (text !== '') {
      const { kind, split, feedbackId = null } = JSON.parse(text);
      lines.push({ line: at + 1, start, end, kind, split, feedbackId });
    }
    start = end + 1;
  }
  return { file, stamp, lines };
}

/** Null if the file has been replaced since it was indexed. */
export function readLines(
  id: string,
  { file, stamp }: LineIndex,
  lines: readonly Pick<Line, 'start' | 'end'>[],
): Promise<string[] | null> {
  return withFile(id, file, async (handle) => {
    if (stampOf(await handle.stat({ bigint: true })) !== stamp) return null;
    const texts: string[] = [];
    for (const { start, end } of lines) {
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      texts.push(buffer.toString('utf8'));
    }
    return texts;
  });
}

async function withFile<Result>(id: string, file: string, use: (handle: FileHandle) => Promise<Result>) {
  const handle = await open(file).catch((cause: Error) => {
    throw goneError(id, cause);
  });
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** The feedback that the lines name; lines of old data sets name none. */
export async function readFeedbackIds(db: Executor, folder: string, id: string): Promise<string[]> {
  const { lines } = await indexLines(db, folder, id);
  return [...new Set(lines.flatMap(({ feedbackId }) => feedbackId ?? []))];
}
