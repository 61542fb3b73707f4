// Data sets in the shapes of HH-RLHF, TRL and our own snapshots become rows; what is none of them is named by file and line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { TINY_END_OF_TURN, writeTinyLlama } from '@/test/tiny-llama';
import { readDataFiles } from '@/trainer/data/files';
import type { SnapshotRow } from '@/trainer/data/snapshot';

let folder: string;
let base: Base;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attune-data-'));
  await writeTinyLlama(join(folder, 'model'), { seed: 1 });
  base = await loadBase(join(folder, 'model'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (...lines: unknown[]) => {
  const file = join(folder, 'data.jsonl');
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return readDataFiles([file], base);
};
const rowsOf = async <K extends SnapshotRow['kind']>(kind: K, ...lines: unknown[]) =>
  (await read(...lines)).rows.filter((row): row is Extract<SnapshotRow, { kind: K }> => row.kind === kind);
const prompt = (...contents: string[]) =>
  base.renderPrompt(contents.map((content, i) => ({ role: i % 2 ? 'assistant' : 'user', content })));
const answer = (text: string) => [...base.tokenizer.encode(text), TINY_END_OF_TURN];

describe('data sets', () => {
  it('a pair of HH-RLHF is its shared dialogue and two last answers', async () => {
    const before = '\n\nHuman: Hi there\n\nAssistant: Hello!\n\nHuman: How are you?\n\nAssistant:';
    const [row] = await rowsOf('comparison', { chosen: `${before} Fine.`, rejected: `${before} Go away.` });
    expect(row).toMatchObject({ promptIds: prompt('Hi there', 'Hello!', 'How are you?'), choice: 'left' });
    expect([row!.left.ids, row!.right.ids]).toEqual([answer('Fine.'), answer('Go away.')]);
  });

  it('plain, conversational and implicit prompts of TRL mean the same', async () => {
    const user = { role: 'user', content: 'Hi' };
    const said = (content: string) => ({ role: 'assistant', content });
    const rows = await Promise.all(
      [
        { prompt: 'Hi', chosen: 'a', rejected: 'b' },
        { prompt: [user], chosen: [said('a')], rejected: [said('b')] },
        { chosen: [user, said('a')], rejected: [user, said('b')] },
      ].map((line) => rowsOf('comparison', line)),
    );
    const plain = rows.map(([row]) => [row!.promptIds, row!.left.ids, row!.right.ids]);
    expect(plain).toEqual(Array(3).fill([prompt('Hi'), answer('a'), answer('b')]));
  });

  it('a labelled completion is a thumb, an unlabelled one a demonstration', async () => {
    const [up, down] = await rowsOf(
      'thumb',
      { prompt: 'q', completion: 'yes', label: true },
      { prompt: 'q', completion: 'no', label: false },
    );
    expect([up, down]).toMatchObject([
      { up: true, answer: { ids: answer('yes') } },
      { up: false, answer: { ids: answer('no') } },
    ]);
    const [shown] = await rowsOf('demonstration', { prompt: 'q', completion: 'yes' });
    expect(shown).toMatchObject({ promptIds: prompt('q'), answerIds: answer('yes') });
  });

  it('every answer of a conversation is shown after what stood before it', async () => {
    const messages = ['Hi', 'Hello', 'Bye', 'Farewell'].map((content, i) => ({
      role: i % 2 ? 'assistant' : 'user',
      content,
    }));
    const rows = await rowsOf('demonstration', { messages });
    expect(rows.map(({ promptIds, answerIds }) => [promptIds, answerIds])).toEqual([
      [prompt('Hi'), answer('Hello')],
      [prompt('Hi', 'Hello', 'Bye'), answer('Farewell')],
    ]);
  });

  it('rows of a snapshot come back as they are, their side included', async () => {
    const row = { kind: 'prompt', split: 'heldout', promptIds: [1, 2, 3] };
    expect((await read(row)).rows).toEqual([row]);
  });

  it('every prompt is there to sample from once, an eighth of them held out for good', async () => {
    const lines = Array.from({ length: 400 }, (_, i) => ({ prompt: `q${i % 200}`, completion: `a${i}` }));
    const { rows, counts } = await read(...lines);
    const sides = new Map(rows.filter(({ kind }) => kind === 'prompt').map((row) => [row.promptIds.join(), row.split]));
    expect(sides.size).toBe(200);
    for (const row of rows) expect(row.split).toBe(sides.get(row.promptIds.join()));
    // Binomial(200, 1/8): 25 with deviation 4.7.
    expect(counts['prompt/heldout']).toBeGreaterThan(10);
    expect(counts['prompt/heldout']).toBeLessThan(40);
  });

  it('what teaches nothing is left out and counted', async () => {
    const { counts } = await read(
      { prompt: 'q', chosen: 'same', rejected: 'same' },
      { prompt: 'q', chosen: 'a', rejected: '  ' },
      { chosen: '\n\nHuman: x\n\nAssistant: a', rejected: '\n\nHuman: y\n\nAssistant: b' },
      { prompt: 'q', completion: 'yes', label: true },
      { prompt: 'q', completion: 'yes', label: true },
    );
    expect(counts).toMatchObject({
      'left_out/same_answer': 1,
      'left_out/empty': 1,
      'left_out/other_prompt': 1,
      'left_out/duplicate': 1,
    });
  });

  it.each([
    ['{"prompt": "q"', /data\.jsonl:2: not JSON/],
    ['[1]', /data\.jsonl:2: \[1\] is a list\. Give one object a line/],
    ['1', /data\.jsonl:2: 1 is no object/],
    ['{"text": "x"}', /data\.jsonl:2: the fields "text" fit none of .*\{chosen, rejected\}/],
    ['{"chosen": "a"}', /data\.jsonl:2: "rejected" is missing/],
    ['{"chosen": "a", "rejected": "b"}', /data\.jsonl:2: "chosen" does not end with the assistant's answer/],
    [
      '{"messages": [{"role": "tool", "content": "x"}]}',
      /data\.jsonl:2: messages\[0\]\.role: the role "tool" is not read, only system, user, assistant are/,
    ],
    ['{"prompt": "\\n\\nHuman: a\\n\\nAssistant: b"}', /data\.jsonl:2: the prompt ends with the assistant's turn/],
    ['{"kind": "prompt", "split": "train", "promptIds": [999999]}', /data\.jsonl:2: token 999999 is outside/],
  ])('%s is refused with its file and line', async (line, message) => {
    await expect(read({ prompt: 'fine' }, line)).rejects.toThrow(message);
  });

  it('a file that is not there is named', async () => {
    await expect(readDataFiles([join(folder, 'none.jsonl')], base)).rejects.toThrow(/Cannot read .*none\.jsonl/);
  });
});
