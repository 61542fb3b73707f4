// Turns raw interviews or dialogues into demonstrations, one conversation per line, and reports what was dropped.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { excerpt } from '@/core/text/text';
import { DROP_REASONS, judgeDialogue } from '@/trainer/data/dialogue/filter';
import { type Demonstration, makePairs, PAIR_DROP_REASONS, PAIR_LIMITS, pairKey } from '@/trainer/data/dialogue/pairs';
import { readTextFile } from '@/trainer/data/text-file';

export const TEXT_USAGE = `attune import text FILE… [--out FILE] [--history-words N] [--longest-words N]
  Keeps documents of at least six paragraphs that all begin with a speaker ("Gopher: ", "Dr Smith - ", "Q. ") and read as
  a dialogue or an interview, and writes a demonstration for each answer, one a line:
  {"messages":[{"role","content"}…],"conversation"}. Those of one conversation are held out together.
  Earlier answers of the same talk are history: they carry "weight":0 and are not learnt.
  FILE is text, whose documents are parted by a form feed or a line of === (or *** or ---), or .jsonl with a field "text".
  --out FILE          where the demonstrations go; the terminal without it, while the report always goes to standard error
  --history-words N   words of earlier turns in front of a prompt (${PAIR_LIMITS.historyWords})
  --longest-words N   words of the longest prompt or answer (${PAIR_LIMITS.longestWords})`;

interface Document {
  /** The file and place, for the report. */
  name: string;
  text: string;
}

export interface ImportReport {
  documents: number;
  kept: number;
  demonstrations: number;
  /** For each reason: the number, what it means, and the first example. */
  dropped: Record<string, { count: number; meaning: string; example: string }>;
}

export async function importText(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      'history-words': { type: 'string', default: String(PAIR_LIMITS.historyWords) },
      'longest-words': { type: 'string', default: String(PAIR_LIMITS.longestWords) },
    },
  });
  if (positionals.length === 0) throw new AttuneError('BAD_INPUT', 'Name at least one file: attune import text FILE…');
  const limits = {
    historyWords: wholeNumber('history-words', values['history-words']),
    longestWords: wholeNumber('longest-words', values['longest-words']),
  };
  const documents: Document[] = [];
  for (const file of positionals)
    for (const document of splitDocuments(file, await readTextFile(file))) documents.push(document);
  const { demonstrations, report } = filterDocuments(documents, limits);
  const lines = demonstrations.map((demonstration) => `${JSON.stringify(demonstration)}\n`).join('');
  if (values.out) await writeDurably(values.out, lines);
  else process.stdout.write(lines);
  process.stderr.write(describe(report));
  return demonstrations.length > 0 ? 0 : 1;
}

/** The same documents in the same order give the same lines. */
export function filterDocuments(documents: readonly Document[], limits = PAIR_LIMITS) {
  const demonstrations = new Map<string, Demonstration & { conversation: string }>();
  const report: ImportReport = { documents: documents.length, kept: 0, demonstrations: 0, dropped: {} };
  const drop = (reason: string, meaning: string, example: string) => {
    report.dropped[reason] ??= { count: 0, meaning, example };
    report.dropped[reason].count++;
  };
  for (const { name, text } of documents) {
    const judged = judgeDialogue(text);
    if ('dropped' in judged) {
      drop(`document/${judged.dropped}`, DROP_REASONS[judged.dropped], `${name}: ${judged.detail}`);
      continue;
    }
    report.kept++;
    const { pairs, dropped } = makePairs(judged.turns, limits);
    for (const reason of dropped) drop(`answer/${reason}`, PAIR_DROP_REASONS[reason], name);
    for (const pair of pairs) {
      const key = pairKey(pair);
      if (demonstrations.has(key)) drop('answer/duplicate', PAIR_DROP_REASONS.duplicate, name);
      else demonstrations.set(key, { ...pair, conversation: path.basename(name) });
    }
  }
  report.demonstrations = demonstrations.size;
  return { demonstrations: [...demonstrations.values()], report };
}

const JsonLine = z.looseObject({ text: z.string() });

export function splitDocuments(file: string, content: string): Document[] {
  const isJson = path.extname(file) === '.jsonl';
  const parts = isJson
    ? content.split('\n').filter((line) => line.trim())
    : content.split(/\f|^[ \t]*(?:={3,}|\*{3,}|-{3,})[ \t]*\r?$/mu).filter((part) => part.trim());
  return parts.map((part, i) => {
    const name = `${file}#${i + 1}`;
    return { name, text: isJson ? parseLine(part, name) : part };
  });
}

function parseLine(line: string, name: string): string {
  try {
    return JsonLine.parse(JSON.parse(line)).text;
  } catch (cause) {
    throw new AttuneError(
      'BAD_INPUT',
      `${name} is not a JSON object with a field "text". Correct or remove the line.`,
      {
        cause,
      },
    );
  }
}

function wholeNumber(option: string, value: string): number {
  if (!/^\d+$/u.test(value))
    throw new AttuneError('BAD_INPUT', `--${option} is a whole number, not ${excerpt(value)}.`);
  return Number(value);
}

export function describe({ documents, kept, demonstrations, dropped }: ImportReport): string {
  const lines = [`${kept} of ${documents} documents kept, ${demonstrations} demonstrations`];
  for (const [reason, { count, meaning, example }] of Object.entries(dropped).sort((a, b) => b[1].count - a[1].count)) {
    lines.push(`  ${String(count).padStart(5)} ${reason}: ${meaning}; first ${example}`);
  }
  return `${lines.join('\n')}\n`;
}
