// `attune import feedback`: stores data sets in the product, where they are seen, traced, excluded and deleted.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findDatabase } from '@/cli/database';
import { AttuneError } from '@/core/errors';
import { findHolder } from '@/core/process/folder-lock';
import { closeDatabase, getDatabase } from '@/db/client';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { productLock } from '@/product/folders';
import { type ImportReport, importFile } from '@/server/services/exchange/import';

export const FEEDBACK_USAGE = `attune import feedback FILE… [--name SET] [--model PATH]

FILE     JSON lines, packed with gzip or not: trees of OpenAssistant, {chosen, rejected} of HH-RLHF, TRL's shapes,
         records of Argilla, or Attune's own export; each line may have another format
--name   the set that the files belong to; without it, each file is a set of its own name
--model  the base whose tokenizer reads the texts; ATTUNE_MODEL or the downloaded base without one

All lines are checked before the first is stored. Nothing of a file is used before all of it is stored; an import that
was interrupted continues when it is given again, and a file that is there already adds nothing. By importing a file
you state that its people agreed to its use for training.`;

export async function importFeedback(args: string[]): Promise<number> {
  const { values, positionals: files } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: 'string' }, model: { type: 'string' } },
  });
  if (files.length === 0) throw new AttuneError('BAD_INPUT', `Name at least one file.\n\n${FEEDBACK_USAGE}`);
  const { base } = await loadChosenBase(values.model);
  const stop = new AbortController();
  const end = () => stop.abort(new AttuneError('CANCELLED', 'Stopped. The same command continues where it ended.'));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, end);
  const database = await findDatabase(findHolder(productLock(env.dataFolder)) !== null);
  try {
    const db = getDatabase(database.url);
    for (const file of files) {
      const name = values.name ?? path.basename(file).replace(/(\.jsonl?)?(\.gz)?$/u, '');
      const onProgress = progressOf(file);
      const report = await importFile({ db, base }, file, {
        name,
        by: 'command line',
        onProgress,
        signal: stop.signal,
      });
      console.log(describe(file, name, report));
    }
  } finally {
    await closeDatabase(database.url);
    await database.stop();
  }
  return 0;
}

/** A line for each tenth of a step. */
function progressOf(file: string) {
  let shown = '';
  return (step: 'check' | 'store', share: number) => {
    const line = `${file}: ${step === 'check' ? 'checking' : 'storing'} ${Math.floor(10 * share) * 10} %`;
    if (line !== shown) console.error(line);
    shown = line;
  };
}

function describe(file: string, set: string, report: ImportReport): string {
  if (report.isRepeated) return `${file}: the set ${JSON.stringify(set)} has this file already; nothing was added.`;
  const { lines, added, present, feedback, leftOut } = report;
  const there = present > 0 ? `, ${present} were there already` : '';
  const head = `${file}: ${lines} lines, ${added} conversations and ${feedback} values of feedback added to the set ${JSON.stringify(set)}${there}.`;
  const reasons = Object.entries(leftOut).map(
    ([reason, { count, first }]) => `  left out ${count}: ${reason}; first ${first}`,
  );
  return [head, ...reasons].join('\n');
}
