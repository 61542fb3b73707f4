// `attune export feedback`: writes what consenting people said, in a format that others read, without names.
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip, type Gzip } from 'node:zlib';
import { z } from 'zod';
import { findDatabase } from '@/cli/database';
import { AttuneError } from '@/core/errors';
import { EXCHANGE_FORMATS, partsOf, writeRecord } from '@/core/exchange/formats';
import type { OwnRecord } from '@/core/exchange/record';
import { findHolder } from '@/core/process/folder-lock';
import { closeDatabase, getDatabase } from '@/db/client';
import { env } from '@/product/env';
import { productLock } from '@/product/folders';
import { exportRecords } from '@/server/services/exchange/export';

export const FEEDBACK_USAGE = `attune export feedback OUT [--format jsonl|oasst|hh|trl|argilla]

OUT       the new file, packed if its name ends in .gz; for trl a folder with a file for each shape
--format  jsonl, the default: every attribute, and what attune import feedback reads back unchanged; oasst: trees;
          hh: {chosen, rejected} as text; trl: preferences, labelled completions, demonstrations, prompts; argilla: records

Only conversations with consent are written. People are hashes, the same in every export and data set.`;

export async function exportFeedback(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { format: { type: 'string' } } });
  const [out, ...others] = positionals;
  if (!out || others.length > 0) throw new AttuneError('BAD_INPUT', `Name one file.\n\n${FEEDBACK_USAGE}`);
  const parsed = z.enum(EXCHANGE_FORMATS).default('jsonl').safeParse(values.format);
  if (!parsed.success)
    throw new AttuneError('BAD_INPUT', `--format is one of ${EXCHANGE_FORMATS.join(', ')}, not ${values.format}.`);
  const format = parsed.data;
  const database = await findDatabase(findHolder(productLock(env.dataFolder)) !== null);
  const files = new Map(
    partsOf(format).map((part) => [part, new LineFile(part ? path.join(out, `${part}.jsonl`) : out)]),
  );
  try {
    let conversations = 0;
    for await (const record of exportRecords(getDatabase(database.url))) {
      if (!('questionnaire' in record)) conversations++;
      for (const { part, line } of linesOf(format, record)) await files.get(part)!.write(line);
    }
    for (const file of files.values()) await file.close();
    const written = [...files.values()].map(({ name, lines }) => `${name}: ${lines} lines`);
    console.log(`${conversations} conversations with consent.\n${written.join('\n')}`);
  } catch (error) {
    for (const file of files.values()) await file.discard();
    throw error;
  } finally {
    await closeDatabase(database.url);
    await database.stop();
  }
  return 0;
}

/** Only our own format can say what a questionnaire asks. */
function linesOf(format: (typeof EXCHANGE_FORMATS)[number], record: OwnRecord): { part: string; line: string }[] {
  if (!('questionnaire' in record)) return writeRecord(format, record);
  return format === 'jsonl' ? [{ part: '', line: JSON.stringify(record) }] : [];
}

/** A file under a temporary name until it is whole. */
class LineFile {
  lines = 0;
  private file: WriteStream | null = null;
  private into: WriteStream | Gzip | null = null;
  constructor(readonly name: string) {}

  private get part(): string {
    return `${this.name}.part`;
  }

  async write(line: string): Promise<void> {
    const into = this.into ?? (await this.open());
    this.lines++;
    if (!into.write(`${line}\n`)) await once(into, 'drain');
  }

  async close(): Promise<void> {
    const into = this.into ?? (await this.open());
    into.end();
    await finished(this.file!);
    await rename(this.part, this.name);
  }

  async discard(): Promise<void> {
    this.into?.destroy();
    this.file?.destroy();
    await rm(this.part, { force: true });
  }

  private async open(): Promise<WriteStream | Gzip> {
    await mkdir(path.dirname(path.resolve(this.name)), { recursive: true });
    this.file = createWriteStream(this.part);
    await once(this.file, 'open');
    this.into = this.file;
    if (this.name.endsWith('.gz')) {
      this.into = createGzip();
      this.into.pipe(this.file);
    }
    return this.into;
  }
}
