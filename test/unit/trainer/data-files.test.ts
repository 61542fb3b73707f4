// Data sets in the formats of HH-RLHF, TRL and our snapshots become rows, each on its side of the split.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { rewardExamples } from '@/trainer/data/examples';
import { readDataFiles } from '@/trainer/data/files';
import { promptKeyOf } from '@/trainer/data/split';
import { countLabels, safetyExamples } from '@/trainer/reward/safety/labels';
import { base, completion, folder, makeFolder, prompt, read, removeFolder, rowsOf } from './data-files-support';

beforeAll(makeFolder);
afterAll(removeFolder);

describe('data sets', () => {
  it('a pair of HH-RLHF becomes its shared dialogue and two last answers', async () => {
    const before = '\n\nHuman: Hi there\n\nAssistant: Hello!\n\nHuman: How are you?\n\nAssistant:';
    const [row] = await rowsOf('comparison', { chosen: `${before} Fine.`, rejected: `${before} Go away.` });
    expect(row).toMatchObject({ promptIds: prompt('Hi there', 'Hello!', 'How are you?'), choice: 'left' });
    expect([row!.left.ids, row!.right.ids]).toEqual([completion('Fine.'), completion('Go away.')]);
  });

  it('a line of PKU-SafeRLHF is a comparison with safety labels, from which the cost model learns the less safe first', async () => {
    const line = {
      ...{ prompt: 'Hi', response_0: 'a', response_1: 'b', is_response_0_safe: true, is_response_1_safe: false },
      ...{ better_response_id: 1, safer_response_id: 0 },
    };
    const both = { ...line, prompt: 'Ho', is_response_0_safe: false, safer_response_id: 1 };
    const rows = await rowsOf('comparison', line, both);
    expect(rows.map(({ choice, safety }) => ({ choice, safety }))).toEqual([
      { choice: 'right', safety: { left: 'safe', right: 'unsafe', safer: 'left' } },
      { choice: 'right', safety: { left: 'unsafe', right: 'unsafe', safer: 'right' } },
    ]);
    const examples = safetyExamples(rows.map((row) => ({ ...row, split: 'train' as const })));
    expect(examples.map(({ isUnsafe, isOrdered }) => ({ isUnsafe, isOrdered }))).toEqual([
      { isUnsafe: [true, false], isOrdered: true },
      { isUnsafe: [true, true], isOrdered: true },
    ]);
    expect(examples.map(({ completions }) => completions.map((ids) => [...ids]))).toEqual([
      [completion('b'), completion('a')],
      [completion('a'), completion('b')],
    ]);
    expect(countLabels(examples)).toEqual({ unsafe: 3, safe: 1 });
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
    expect(plain).toEqual(Array(3).fill([prompt('Hi'), completion('a'), completion('b')]));
  });

  it('a labelled completion is a thumb, an unlabelled one a demonstration', async () => {
    const [up, down] = await rowsOf(
      'thumb',
      { prompt: 'q', completion: 'yes', label: true },
      { prompt: 'q', completion: 'no', label: false },
    );
    expect([up, down]).toMatchObject([
      { up: true, answer: { ids: completion('yes') } },
      { up: false, answer: { ids: completion('no') } },
    ]);
    const [shown] = await rowsOf('demonstration', { prompt: 'q', completion: 'yes' });
    expect(shown).toMatchObject({ promptIds: prompt('q'), answerIds: completion('yes') });
  });

  it('every answer of a conversation is a demonstration after what comes before it', async () => {
    const messages = ['Hi', 'Hello', 'Bye', 'Farewell'].map((content, i) => ({
      role: i % 2 ? 'assistant' : 'user',
      content,
    }));
    const rows = await rowsOf('demonstration', { messages });
    expect(rows.map(({ promptIds, answerIds: completionIds }) => [promptIds, completionIds])).toEqual([
      [prompt('Hi'), completion('Hello')],
      [prompt('Hi', 'Hello', 'Bye'), completion('Farewell')],
    ]);
  });

  it('rows of a snapshot are read unchanged, including their side', async () => {
    const row = { kind: 'prompt', split: 'heldout', promptIds: [1, 2, 3] };
    expect((await read(row)).rows).toEqual([row]);
  });

  it('no file can say that an admin vouches for its rater', async () => {
    const row = { kind: 'rating', split: 'train', promptIds: [1, 2], answerIds: [3], value: 7, raterId: 'a', trust: 1 };
    const { rows } = await read({ ...row, isVouchedFor: true });
    expect(rows.find(({ kind }) => kind === 'rating')).toEqual(row);
  });

  it('every prompt is there once to sample from, with about an eighth of them always held out', async () => {
    const lines = Array.from({ length: 400 }, (_, i) => ({ prompt: `q${i % 200}`, completion: `a${i}` }));
    const { rows, counts } = await read(...lines);
    const sides = new Map(rows.filter(({ kind }) => kind === 'prompt').map((row) => [row.promptIds.join(), row.split]));
    expect(sides.size).toBe(200);
    for (const row of rows) expect(row.split).toBe(sides.get(row.promptIds.join()));
    // Binomial(200, 1/8): 25 with deviation 4.7.
    expect(counts['prompt/heldout']).toBeGreaterThan(10);
    expect(counts['prompt/heldout']).toBeLessThan(40);
  });

  it('lines that teach nothing are left out and counted', async () => {
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

  it('an answer with weight 0 or inside a prompt is context for the others and is not learnt', async () => {
    const said = (role: string, content: string, weight?: number) => ({
      role,
      content,
      ...(weight === 0 && { weight }),
    });
    const messages = [
      said('user', 'q'),
      said('assistant', 'unheard', 0),
      said('user', 'r'),
      said('assistant', 'heard'),
    ];
    const rows = await rowsOf('demonstration', { messages });
    expect(rows).toMatchObject([{ promptIds: prompt('q', 'unheard', 'r'), answerIds: completion('heard') }]);
    expect((await read({ messages })).rows.filter(({ kind }) => kind === 'prompt')).toHaveLength(1);
    const completed = await rowsOf('demonstration', {
      prompt: messages.slice(0, 3).map(({ role, content }) => ({ role, content })),
      completion: 'heard',
    });
    expect(completed.map(({ answerIds: completionIds }) => completionIds)).toEqual([completion('heard')]);
  });

  it('a pair reads the same with its prompt separate, next to whole dialogues, or inside them', async () => {
    const user = { role: 'user', content: 'Hi' };
    const said = (content: string) => ({ role: 'assistant', content });
    const system = { role: 'system', content: 'Be kind.' };
    const lines = [
      {
        prompt: 'Hi',
        chosen: [user, said('a')],
        rejected: [user, said('b')],
        messages: [],
        score_chosen: 8,
        prompt_id: 'p',
      },
      { prompt: [user], chosen: [user, said('a')], rejected: [user, said('b')] },
      { prompt: 'Hi', chosen: '\n\nHuman: Hi\n\nAssistant: a', rejected: '\n\nHuman: Hi\n\nAssistant: b' },
      { prompt: 'Hi', chosen: [{ ...said('a'), name: null, tool_calls: [] }], rejected: [said('b')] },
      { prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }], chosen: 'a', rejected: 'b' },
    ];
    for (const line of lines) {
      const [row] = await rowsOf('comparison', line);
      expect(row).toMatchObject({
        promptIds: prompt('Hi'),
        left: { ids: completion('a') },
        right: { ids: completion('b') },
      });
    }
    const [withSystem] = await rowsOf('comparison', {
      prompt: 'Hi',
      chosen: [system, user, said('a')],
      rejected: [system, user, said('b')],
    });
    expect(withSystem!.promptIds).toEqual(base.renderPrompt([system as never, user as never]));
    expect((await read(lines[0])).counts).toMatchObject({ 'not_read/score_chosen': 1, 'not_read/prompt_id': 1 });
  });

  it('a margin and a person reach the reward model', async () => {
    const { rows } = await read({ prompt: 'q', chosen: 'a', rejected: 'b', margin: 1.5, person: 7 });
    const [example] = rewardExamples(rows.map((row) => ({ ...row, split: 'train' as const })));
    expect(example).toMatchObject({ kind: 'comparison', margin: 1.5 });
    expect(rows[0]).toMatchObject({ raterId: '7' });
  });

  it('snapshot rows and raw pairs together have no prompt on both sides, even with a trailing blank', async () => {
    const row = (i: number, split: string) => ({ kind: 'prompt', split, promptIds: prompt(`Question ${i}?`) });
    const own = Array.from({ length: 12 }, (_, i) => row(i, i % 4 ? 'train' : 'heldout'));
    const raw = Array.from({ length: 12 }, (_, i) => ({
      prompt: `Question ${i}?${i % 2 ? ' ' : ''}`,
      chosen: 'a',
      rejected: 'b',
    }));
    const { rows } = await read(...own, ...raw);
    expect(rows.filter(({ kind }) => kind === 'comparison')).toHaveLength(12);
    const keyOf = promptKeyOf(base.tokenizer);
    const of = (side: string) =>
      new Set(rows.filter(({ split }) => split === side).map(({ promptIds }) => keyOf(promptIds)));
    const trained = of('train');
    expect([...of('heldout')].filter((key) => trained.has(key))).toEqual([]);
    expect(of('heldout').size).toBe(3);
  });

  it('all answers of one conversation are on the same side', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => ({
      messages: ['a', 'b', 'c', 'd'].map((c, t) => ({ role: t % 2 ? 'assistant' : 'user', content: `${c}${i}` })),
    }));
    const rows = await rowsOf('demonstration', ...lines);
    expect(rows).toHaveLength(80);
    for (let i = 0; i < 80; i += 2) expect(rows[i]!.split).toBe(rows[i + 1]!.split);
    expect(new Set(rows.map(({ split }) => split)).size).toBe(2);
  });

  it('a line that is too long for the base is left out and counted, and its text is not tokenised', async () => {
    const { counts } = await read(
      { prompt: 'x '.repeat(600), chosen: 'a', rejected: 'b' },
      { prompt: 'q', completion: 'a' },
    );
    expect(counts['left_out/too_long']).toBe(1);
    const encode = vi.spyOn(base.tokenizer, 'encode');
    const long = 'x '.repeat(1e6);
    const render = vi.spyOn(base, 'renderPrompt');
    await read(
      { prompt: long, chosen: 'a', rejected: 'b' },
      { prompt: 'q', chosen: 'a', rejected: long },
      { prompt: 'q', completion: 'a' },
    );
    const given = [...encode.mock.calls.map(([text]) => text), ...render.mock.calls.map(([[turn]]) => turn!.content)];
    encode.mockRestore();
    render.mockRestore();
    expect(new Set(given)).toEqual(new Set(['q', 'a']));
  });

  it('a file in UTF-16 is read like one in UTF-8', async () => {
    const line = JSON.stringify({ prompt: 'Où?', completion: 'Là.' });
    const file = join(folder, 'utf16.jsonl');
    writeFileSync(file, Buffer.from(`\ufeff${line}\r\n`, 'utf16le'));
    expect((await readDataFiles([file], base)).rows).toEqual((await read(line)).rows);
  });
});
