// A temporary folder with the tiny base, and what reads lines of a data set by it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import { TINY_END_OF_TURN, writeTinyLlama } from '@/test/tiny-llama';
import { readDataFiles } from '@/trainer/data/files';

export let folder: string;
export let base: Base;
export async function makeFolder(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'attune-data-'));
  await writeTinyLlama(join(folder, 'model'), { seed: 1 });
  base = await loadBase(join(folder, 'model'));
}
export const removeFolder = () => rmSync(folder, { recursive: true, force: true });

export const read = (...lines: unknown[]) => {
  const file = join(folder, 'data.jsonl');
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return readDataFiles([file], base);
};
export const rowsOf = async <K extends SnapshotRow['kind']>(kind: K, ...lines: unknown[]) =>
  (await read(...lines)).rows.filter((row): row is Extract<SnapshotRow, { kind: K }> => row.kind === kind);
export const prompt = (...contents: string[]) =>
  base.renderPrompt(contents.map((content, i) => ({ role: i % 2 ? 'assistant' : 'user', content })));
export const completion = (text: string) => [...base.tokenizer.encode(text), TINY_END_OF_TURN];
