// `attune import text` finds documents in files, drops duplicates, reports, and writes the same lines each time.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { run } from '@/cli/commands/import';
import { describe, filterDocuments, splitDocuments } from '@/cli/import/text';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-import-'));
});
afterEach(() => rm(folder, { recursive: true }));

const INTERVIEW = ['Q. One?', 'A. Yes.', 'Q. Two?', 'A. No.', 'Q. Three?', 'A. Maybe.'].join('\n\n');

test('documents are separated by form feeds and rules, or are lines of JSON', () => {
  const parts = splitDocuments('a.txt', 'one\f\ntwo\r\n===\r\nthree\n  ---  \nfour -- five\n***\n');
  expect(parts.map(({ text }) => text.trim())).toEqual(['one', 'two', 'three', 'four -- five']);
  expect(parts[2]!.name).toBe('a.txt#3');
  expect(splitDocuments('b.jsonl', '{"text":"a\\nb","id":1}\n\n{"text":"c"}\n').map(({ text }) => text)).toEqual([
    'a\nb',
    'c',
  ]);
  expect(() => splitDocuments('b.jsonl', '{"text":"a"}\n{"txt":"b"}')).toThrow(/b\.jsonl#2 is not a JSON object/);
});

test('a repeated document adds nothing, and the report says so', () => {
  const documents = [INTERVIEW, 'Only prose.', INTERVIEW.toUpperCase()].map((text, i) => ({ name: `d${i}`, text }));
  const { demonstrations, report } = filterDocuments(documents);
  expect(demonstrations).toHaveLength(3);
  expect(report).toEqual({
    documents: 3,
    kept: 2,
    demonstrations: 3,
    dropped: {
      'document/too_few_paragraphs': { count: 1, meaning: 'fewer than 6 paragraphs', example: 'd1: 1 paragraphs' },
      'answer/duplicate': { count: 3, meaning: 'repeats an earlier prompt and answer', example: 'd2' },
    },
  });
  expect(describe(report)).toBe(
    '2 of 3 documents kept, 3 demonstrations\n' +
      '      3 answer/duplicate: repeats an earlier prompt and answer; first d2\n' +
      '      1 document/too_few_paragraphs: fewer than 6 paragraphs; first d1: 1 paragraphs\n',
  );
});

test('the command writes messages, one conversation per line, the same each time', async () => {
  const report = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const [file, out] = [join(folder, 'talk.txt'), join(folder, 'out.jsonl')];
    await writeFile(file, `${INTERVIEW}\n===\nProse.\n`);
    expect(await run(['text', file, '--out', out])).toBe(0);
    const first = await readFile(out, 'utf8');
    const lines = first
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[1]).toEqual({
      messages: [
        { role: 'user', content: 'One?' },
        { role: 'assistant', content: 'Yes.', weight: 0 },
        { role: 'user', content: 'Two?' },
        { role: 'assistant', content: 'No.' },
      ],
      conversation: 'talk.txt#1',
    });
    expect(String(report.mock.calls[0]![0])).toMatch(/^1 of 2 documents kept, 3 demonstrations/);
    await run(['text', file, '--out', out]);
    expect(await readFile(out, 'utf8')).toBe(first);
    await writeFile(file, 'Prose.');
    expect(await run(['text', file, '--out', out])).toBe(1);
  } finally {
    report.mockRestore();
  }
});

test('an input that cannot be read is named', async () => {
  await expect(run(['text'])).rejects.toThrow(/at least one file/);
  await expect(run(['picture'])).rejects.toThrow(/cannot read "picture"/);
  await expect(run(['text', join(folder, 'none.txt')])).rejects.toThrow(/Cannot read .*none\.txt/);
  await writeFile(join(folder, 'latin.txt'), Buffer.from([0x51, 0x2e, 0x20, 0xe9, 0x0a]));
  await expect(run(['text', join(folder, 'latin.txt')])).rejects.toThrow(/latin\.txt:1 is not UTF-8/);
  await expect(run(['text', 'x', '--history-words', 'few'])).rejects.toThrow(/whole number, not few/);
});
