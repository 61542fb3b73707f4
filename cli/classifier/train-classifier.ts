// Fits a text classifier on labelled lines, writes its folder, and prints what it finds on lines that it has not seen.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readClassifier, writeClassifier } from '@/core/classifier/classifier-artifact';
import { featuresOf } from '@/core/classifier/features';
import { classify } from '@/core/classifier/linear-classifier';
import { AttuneError } from '@/core/errors';
import { readLines } from '@/core/exchange/lines';
import { CLASSIFIER_DEFAULTS, fitClassifier } from '@/trainer/classifier/fit';

const Line = z.object({
  text: z.string().min(1),
  labels: z.array(z.string().min(1).max(80)).max(100),
  weight: z.number().gt(0).max(1000).optional(),
});
type Line = z.infer<typeof Line>;

export async function trainClassifier(args: string[], usage: string): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { out: { type: 'string' }, test: { type: 'string' } },
    allowPositionals: true,
  });
  if (values.out === undefined || positionals.length === 0) throw new AttuneError('BAD_INPUT', usage);
  const directory = path.resolve(values.out);
  if (existsSync(directory)) throw new AttuneError('CONFLICT', `${directory} exists already. Name another folder.`);

  const lines = (await Promise.all(positionals.map(readRows))).flat();
  const rows = lines.map(({ text, labels, weight }) => ({
    features: featuresOf(text),
    labels: new Set(labels),
    weight,
  }));
  if (rows.every(({ labels }) => labels.size === 0))
    throw new AttuneError(
      'BAD_INPUT',
      `No line of ${positionals.join(', ')} has a label, so there is nothing to learn.`,
    );
  await writeClassifier(directory, { ...fitClassifier(rows, CLASSIFIER_DEFAULTS), rows: rows.length });

  const { labels, thresholds } = await readClassifier(directory);
  console.log(`${directory}: ${rows.length} rows`);
  const test = values.test === undefined ? null : await readRows(values.test);
  for (const { name } of labels) {
    const threshold = thresholds[name]!;
    console.log(
      `${name}: threshold ${threshold.toFixed(3)}${test ? `, ${measure(test, name, (text) => classify(labels, text)[name]! >= threshold)}` : ''}`,
    );
  }
  return 0;
}

async function readRows(file: string): Promise<Line[]> {
  const rows: Line[] = [];
  for await (const { number, text } of readLines(file)) {
    try {
      rows.push(Line.parse(JSON.parse(text)));
    } catch (cause) {
      throw new AttuneError('BAD_INPUT', `${file}:${number} is not {"text": "…", "labels": ["…"]}.`, { cause });
    }
  }
  return rows;
}

function measure(rows: readonly Line[], name: string, isHit: (text: string) => boolean): string {
  const verdicts = rows.map(({ text, labels }) => ({ found: isHit(text), marked: labels.includes(name) }));
  const found = verdicts.filter((one) => one.found).length;
  const marked = verdicts.filter((one) => one.marked).length;
  const right = verdicts.filter((one) => one.found && one.marked).length;
  const f1 = (2 * right) / Math.max(1, found + marked);
  return `precision ${(right / Math.max(1, found)).toFixed(3)}, recall ${(right / Math.max(1, marked)).toFixed(3)}, F1 ${f1.toFixed(3)}`;
}
