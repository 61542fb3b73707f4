// Each format of data sets is recognised by its fields, and says the same of a conversation as it says in its own words.
import { describe, expect, it } from 'vitest';
import type { Draft } from '@/core/exchange/draft';
import { readExchangeLine } from '@/core/exchange/formats';

const read = (value: unknown) => readExchangeLine(JSON.stringify(value), 'f:1') as Draft;
const said = (value: unknown) => {
  const { messages, comparisons, feedback } = read(value);
  const textOf = new Map(messages.map(({ generation, text }) => [generation?.id ?? '', text]));
  return {
    texts: messages.map(({ role, text }) => `${role}: ${text}`),
    feedback: feedback.map(({ kind, value, by, comment }) => ({ kind, value, by, comment })),
    pairs: comparisons.map(({ left, right }) => [textOf.get(left), textOf.get(right)]),
  };
};
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe('a pair', () => {
  const pair = {
    texts: ['user: Sky?', 'assistant: Blue.', 'assistant: Green.'],
    pairs: [['Blue.', 'Green.']],
    feedback: [{ kind: 'comparison', value: { choice: 'left' }, by: null, comment: null }],
  };
  it.each([
    ['of HH-RLHF', { chosen: '\n\nHuman: Sky?\n\nAssistant: Blue.', rejected: '\n\nHuman: Sky?\n\nAssistant: Green.' }],
    ['with its prompt, plain', { prompt: 'Sky?', chosen: 'Blue.', rejected: 'Green.' }],
    [
      'without its prompt, conversational',
      { chosen: [user('Sky?'), assistant('Blue.')], rejected: [user('Sky?'), assistant('Green.')] },
    ],
    [
      'with its prompt, conversational',
      { prompt: [user('Sky?')], chosen: [assistant('Blue.')], rejected: [assistant('Green.')] },
    ],
  ])('%s is two answers and a comparison', (_name, line) => {
    expect(said(line)).toEqual(pair);
  });

  it('puts the chosen answer on the left or right by its text, so that a file has no habit of one side', () => {
    const { pairs, feedback } = said({ prompt: 'Sky?', chosen: 'Green.', rejected: 'Blue.' });
    expect([pairs, feedback[0]!.value]).toEqual([[['Blue.', 'Green.']], { choice: 'right' }]);
  });

  it('of two prompts or equal texts is left out with the reason', () => {
    const other = { chosen: [user('A?'), assistant('x')], rejected: [user('B?'), assistant('y')] };
    expect(read(other)).toEqual({ leftOut: 'chosen and rejected answer different prompts' });
    expect(read({ prompt: 'A?', chosen: 'x', rejected: 'x' })).toHaveProperty('leftOut');
  });
});

describe('a line of PKU-SafeRLHF', () => {
  const line = {
    ...{ prompt: 'Sky?', response_0: 'Blue.', response_1: 'Go away.', is_response_0_safe: true },
    ...{ is_response_1_safe: false, better_response_id: 1, safer_response_id: 0, prompt_source: 'x' },
  };

  it('is two answers and a comparison that keeps better and safer apart', () => {
    const safety = { left: 'safe', right: 'unsafe', safer: 'left' };
    expect(said(line)).toEqual({
      texts: ['user: Sky?', 'assistant: Blue.', 'assistant: Go away.'],
      pairs: [['Blue.', 'Go away.']],
      feedback: [{ kind: 'comparison', value: { choice: 'right', safety }, by: null, comment: null }],
    });
  });

  it('is refused by column where it is incomplete or contradicts itself', () => {
    const refusal = (change: object) => () => read({ ...line, ...change });
    expect(refusal({ is_response_1_safe: undefined })).toThrow(/"is_response_1_safe" must be true or false/);
    expect(refusal({ better_response_id: 2 })).toThrow(/"better_response_id" must be 0 or 1/);
    expect(refusal({ safer_response_id: 1 })).toThrow(/names the response that is not safe while the other one is/);
    expect(read({ ...line, response_1: 'Blue.' })).toHaveProperty('leftOut');
  });
});

describe('TRL’s other shapes', () => {
  it('a labelled completion is a thumb of the person who is named', () => {
    const line = { prompt: [user('Sky?')], completion: [assistant('Blue.')], label: false, person: 'p7' };
    expect(said(line)).toMatchObject({
      texts: ['user: Sky?', 'assistant: Blue.'],
      feedback: [{ kind: 'thumb', value: { up: false, reasons: [] }, by: 'p7' }],
    });
  });

  it('a completion is a demonstration, and what stands in its prompt is context', () => {
    const line = { prompt: [user('Hi'), assistant('Hello!'), user('Sky?')], completion: [assistant('Blue.')] };
    expect(said(line)).toMatchObject({
      texts: ['user: Hi', 'assistant: Hello!', 'user: Sky?'],
      feedback: [{ kind: 'demonstration', value: { text: 'Blue.' } }],
    });
  });

  it('every answer of a conversation is a demonstration, except those of weight 0; its system message is kept', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      user('Hi'),
      { ...assistant('Hello!'), weight: 0 },
      user('Sky?'),
      assistant('Blue.'),
    ];
    expect(said({ messages }).feedback).toMatchObject([{ kind: 'demonstration', value: { text: 'Blue.' } }]);
    expect(read({ messages }).attributes).toEqual({ system: 'Be brief.' });
  });

  it('a bare prompt is a message without an answer', () => {
    expect(said({ prompt: 'Sky?' })).toEqual({ texts: ['user: Sky?'], feedback: [], pairs: [] });
  });
});

describe('a tree of OpenAssistant', () => {
  const node = (role: string, text: string, more: object = {}) => ({
    message_id: text,
    role,
    text,
    replies: [],
    ...more,
  });
  it('is a tree of messages, whose ranks are a ranking and whose quality is a rating', () => {
    const line = node('prompter', 'Sky?', {
      replies: [
        node('assistant', 'Green.', { rank: 1 }),
        node('assistant', 'Blue.', {
          rank: 0,
          labels: { quality: { value: 0.5, count: 3 } },
          replies: [node('prompter', 'Thanks')],
        }),
        node('assistant', 'Azure.', { rank: 0 }),
        node('assistant', 'Spam', { rank: 2, deleted: true }),
      ],
    });
    const { messages, feedback } = read(line);
    expect(messages.map(({ text }) => text)).toEqual(['Sky?', 'Green.', 'Blue.', 'Thanks', 'Azure.']);
    const [question, green, blue, thanks, azure] = messages;
    expect([blue!.parentId, thanks!.parentId]).toEqual([question!.id, blue!.id]);
    const order = [[blue!.generation!.id, azure!.generation!.id], [green!.generation!.id]];
    // 0.5 of the nine steps from 1 to 10 is 4.5, which rounds to 5: the rating is 6.
    expect(feedback.map(({ kind, about, value }) => [kind, about, value])).toEqual([
      ['rating', blue!.generation!.id, { rating: 6 }],
      ['ranking', question!.id, { order }],
    ]);
    expect(read({ message_tree_id: 't', tree_state: 'ready', prompt: line }).messages).toHaveLength(5);
  });

  it('of 12,000 levels is read', () => {
    let text = '{"role":"prompter","text":"end"}';
    for (let i = 1; i < 12_000; i++)
      text = `{"role":"${i % 2 ? 'assistant' : 'prompter'}","text":"${i}","replies":[${text}]}`;
    const wrapped = `{"prompt":{"role":"prompter","text":"root","replies":[${text}]}}`;
    expect((readExchangeLine(wrapped, 'f:1') as Draft).messages).toHaveLength(12_001);
  });
});

describe('a record of Argilla', () => {
  const fields = { prompt: 'Sky?', 'response-1': 'Blue.', 'response-2': 'Green.' };
  it('is read in the form of version 2, by question, and of version 1, by annotator', () => {
    const expected = [
      { kind: 'comparison', value: { choice: 'right' }, by: 'ann', comment: null },
      { kind: 'comparison', value: { choice: 'tie' }, by: 'bo', comment: null },
    ];
    const second = {
      preference: [
        { value: 'response-2', user_id: 'ann' },
        { value: 'tie', user_id: 'bo' },
      ],
    };
    expect(said({ fields, responses: second }).feedback).toEqual(expected);
    const first = [
      { user_id: 'ann', status: 'submitted', values: { preference: { value: 'response-2' } } },
      { user_id: 'bo', status: 'submitted', values: { preference: { value: 'tie' } } },
      { user_id: 'cy', status: 'draft', values: { preference: { value: 'response-1' } } },
    ];
    expect(said({ fields, responses: first }).feedback).toEqual(expected);
  });

  it('says every kind that it can, with remarks', () => {
    const responses = {
      ranking: [
        {
          value: [
            { value: 'response-1', rank: 2 },
            { value: 'response-2', rank: 1 },
          ],
          user_id: 'a',
        },
      ],
      'rating-2': [{ value: 7, user_id: 'a' }],
      'rating-2-comment': [{ value: 'fair', user_id: 'a' }],
      'thumb-1': [{ value: 'down', user_id: 'a' }],
      'flaws-1': [{ value: ['false'], user_id: 'a' }],
      'correction-1': [{ value: 'It is blue.', user_id: 'a' }],
      demonstration: [{ value: 'Blue, mostly.', user_id: 'a' }],
    };
    expect(said({ fields, responses }).feedback.map(({ kind, comment }) => [kind, comment])).toEqual([
      ['ranking', null],
      ['rating', 'fair'],
      ['thumb', null],
      ['flaws', null],
      ['correction', null],
      ['demonstration', null],
    ]);
  });

  it('with a question of an unknown kind alone is left out', () => {
    expect(read({ fields, responses: { mood: [{ value: 'sunny', user_id: 'a' }] } })).toHaveProperty('leftOut');
  });
});

it.each([
  ['stepwise', { prompt: 'a', completions: ['b'], labels: [true] }, /stepwise supervision/],
  ['tools', { prompt: 'a', completion: 'b', tools: [{}] }, /"tools" is not read/],
  ['a language model’s text', { text: 'a' }, /"text" alone is no dialogue/],
  ['a snapshot row', { kind: 'thumb', promptIds: [1] }, /row of a snapshot/],
  ['a flat message', { message_id: '1', text: 'a', role: 'prompter' }, /file of trees/],
  ['a label', { prompt: 'a', completion: 'b', label: 1 }, /"label" must be true or false/],
  ['no answer', { prompt: 'a', chosen: 'b' }, /"rejected" is missing/],
  [
    'a rating off the scale',
    { fields: { prompt: 'a', response: 'b' }, responses: { rating: [{ value: 11 }] } },
    /response to rating/,
  ],
  ['a field of no format', { question_text: 'a' }, /"question_text" fit no format/],
  ['half a pair', { prompt: '\ud800', completion: 'b' }, /half a surrogate pair/],
  ['a speaker of no kind', { role: 'system', text: 'a', replies: [] }, /role/],
  ['an own line', { attune: 1, id: 'x' }, /id/],
])('%s is refused by name', (_name, line, message) => {
  expect(() => read(line)).toThrow(message);
  expect(() => read(line)).toThrow(/^f:1: /);
});
