// Small tokenizers of each model family, from tokenizer.json and GGUF, against the ids of tokenizers and SentencePiece.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BpeTokenizer, tokenizerFromJson } from '@/core/base/tokenizer';
import { tokenizerFromGguf } from '@/core/formats/gguf-tokenizer';
import { failure } from './files';

const read = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/tokenizers', name), 'utf8'));
const idsOf = (name: string) => read(`${name}.ids.json`) as [text: string, ids: number[]][];

function expectIds(tokenizer: BpeTokenizer, rows: [string, number[]][]): void {
  expect(rows.length).toBeGreaterThan(15);
  for (const [text, ids] of rows) expect(tokenizer.encode(text, { special: true }), JSON.stringify(text)).toEqual(ids);
}

/** Texts with SentencePiece's own space, and those that normalisation changes, do not decode to themselves. */
const isExact = (text: string) => text === text.normalize('NFC') && !text.includes('\u2581');

describe.each(['gpt-2', 'smollm', 'llama-bpe', 'qwen2', 'llama-2', 'mistral', 'gemma'])('%s', (name) => {
  const tokenizer = tokenizerFromJson(read(`${name}.json`), name);

  test('has the ids of the reference', () => expectIds(tokenizer, idsOf(name)));

  test('decodes a text to itself, whole and as a stream', () => {
    for (const [text, ids] of idsOf(name).filter(([text]) => isExact(text))) {
      // A leading space is the prefix itself: the ids are the same with and without it.
      const expected = name === 'mistral' && text.startsWith(' ') ? text.slice(1) : text;
      expect(tokenizer.decode(ids)).toBe(expected);
      const stream = tokenizer.stream();
      expect(ids.map((id) => stream.push(id)).join('') + stream.end()).toBe(expected);
    }
  });

  test('plain text never becomes a special token', () => {
    for (const [text] of idsOf(name)) expect(tokenizer.encode(text).some((id) => tokenizer.isSpecial(id))).toBe(false);
  });

  test('guarded text in a template never becomes a special token', () => {
    const specials = (text: string) => tokenizer.encodeTemplate(text).filter((id) => tokenizer.isSpecial(id));
    for (const [text] of idsOf(name)) expect(specials(tokenizer.guard(text))).toEqual([]);
  });
});

describe('byte-level tokenizers in GGUF metadata', () => {
  test.each(['gpt-2', 'smollm', 'llama-bpe', 'qwen2'])('%s has the ids of the reference', (pre) => {
    const { model, added_tokens } = read(`${pre}.json`);
    const tokens: string[] = [];
    for (const [token, id] of Object.entries<number>(model.vocab)) tokens[id] = token;
    const types = tokens.map(() => 1);
    for (const { id, content, special } of added_tokens) {
      tokens[id] = content;
      types[id] = special ? 3 : 4;
    }
    const metadata = {
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': pre,
      'tokenizer.ggml.tokens': tokens,
      'tokenizer.ggml.token_type': types,
      'tokenizer.ggml.merges': model.merges.map((pair: [string, string]) => pair.join(' ')),
    };
    expectIds(tokenizerFromGguf(metadata, pre), idsOf(pre));
  });
});

test.each(['spm-prefix', 'spm-plain'])('the GGUF metadata of %s has the ids of SentencePiece', (name) => {
  const { ids, ...metadata } = read(`${name}.json`);
  const tokenizer = tokenizerFromGguf(metadata, name);
  expectIds(tokenizer, ids);
  for (const [text, own] of ids) expect(tokenizer.decode(own)).toBe(text);
});

test('an unknown pre-tokenizer and an added token that strips spaces are refused by name', async () => {
  const { ids: _, ...metadata } = read('spm-plain.json');
  const unknown = { ...metadata, 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'tekken' };
  expect((await failure(() => tokenizerFromGguf(unknown, 'x.gguf'))).message).toContain('tokenizer.ggml.pre');
  const json = read('gpt-2.json');
  json.added_tokens[1].rstrip = true;
  expect((await failure(() => tokenizerFromJson(json, 'x'))).message).toContain('<|im_start|>');
  const model = { ...read('llama-2.json').model, vocab: { '<0x00>': 0 } };
  const noBytes = { ...read('llama-2.json'), model };
  expect((await failure(() => tokenizerFromJson(noBytes, 'x'))).message).toContain('<0x01>');
});
