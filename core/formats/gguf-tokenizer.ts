// Turns the tokenizer in a GGUF file's metadata into the form of a tokenizer.json.
import { z } from 'zod';
import { buildTokenizer, type TokenizerJson } from '@/core/base/tokenizer';
import { AttuneError } from '@/core/errors';

const common = {
  'tokenizer.ggml.tokens': z.array(z.string()).min(1),
  'tokenizer.ggml.token_type': z.array(z.int()),
};
const ByteLevelMetadata = z.object({
  ...common,
  'tokenizer.ggml.model': z.literal('gpt2'),
  'tokenizer.ggml.pre': z
    .enum(['default', 'gpt-2', 'smollm', 'starcoder', 'refact', 'llama-bpe', 'llama3', 'llama-v3', 'qwen2'])
    .default('default'),
  'tokenizer.ggml.merges': z.array(z.string()),
});
const SentencePieceMetadata = z.object({
  ...common,
  'tokenizer.ggml.model': z.literal('llama'),
  'tokenizer.ggml.scores': z.array(z.number()),
  'tokenizer.ggml.add_space_prefix': z.boolean().default(true),
});
const Metadata = z.discriminatedUnion('tokenizer.ggml.model', [ByteLevelMetadata, SentencePieceMetadata]);

/** llama.cpp's token types. */
const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;

/** The pattern that splits a text before merging; `digits` is the part for runs of digits, which differs by model. */
const splitPattern = (digits: string) =>
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" +
  `${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const sequence = (...pretokenizers: object[]) => ({ type: 'Sequence', pretokenizers });
const splitBy = (pattern: string) =>
  sequence(
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    { ...byteLevel, use_regex: false },
  );

type PreTokenizer = Pick<TokenizerJson, 'pre_tokenizer' | 'normalizer'> & { ignoreMerges?: boolean };
const GPT2: PreTokenizer = { pre_tokenizer: byteLevel };
const DIGITS: PreTokenizer = { pre_tokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel) };
const LLAMA3: PreTokenizer = { pre_tokenizer: splitBy(splitPattern('\\p{N}{1,3}')), ignoreMerges: true };
const PRE_TOKENIZERS: Record<z.infer<typeof ByteLevelMetadata>['tokenizer.ggml.pre'], PreTokenizer> = {
  default: GPT2,
  'gpt-2': GPT2,
  smollm: DIGITS,
  starcoder: DIGITS,
  refact: DIGITS,
  'llama-bpe': LLAMA3,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
  qwen2: { pre_tokenizer: splitBy(splitPattern('\\p{N}')), normalizer: { type: 'NFC' } },
};

export const tokenizerFromGguf = (metadata: Record<string, unknown>, source: string) =>
  buildTokenizer(tokenizerJsonFromGguf(metadata, source), source);

/**
 * Control tokens and the unknown token are special; user-defined tokens are found in plain text, but are not special.
 */
export function tokenizerJsonFromGguf(metadata: Record<string, unknown>, source: string): TokenizerJson {
  const parsed = Metadata.safeParse(metadata);
  if (!parsed.success) {
    throw new AttuneError('UNSUPPORTED', `The tokenizer of ${source} cannot be used: ${z.prettifyError(parsed.error)}`);
  }
  const data = parsed.data;
  const tokens = data['tokenizer.ggml.tokens'];
  const types = data['tokenizer.ggml.token_type'];
  const isByteLevel = data['tokenizer.ggml.model'] === 'gpt2';
  const added_tokens = tokens.flatMap((content, id) => {
    const special = types[id] === CONTROL || (types[id] === UNKNOWN && !isByteLevel);
    if (!special && types[id] !== USER_DEFINED) return [];
    return [{ id, content: isByteLevel ? content : content.replaceAll('\u2581', ' '), special }];
  });
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  if (data['tokenizer.ggml.model'] === 'gpt2') {
    const { ignoreMerges, ...pre } = PRE_TOKENIZERS[data['tokenizer.ggml.pre']];
    return {
      added_tokens,
      normalizer: null,
      ...pre,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        vocab,
        merges: data['tokenizer.ggml.merges'],
        unk_token: null,
        ignore_merges: ignoreMerges ?? false,
      },
    };
  }
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' };
  const prepend = { type: 'Prepend', prepend: '\u2581' };
  return {
    added_tokens,
    normalizer: data['tokenizer.ggml.add_space_prefix'] ? { type: 'Sequence', normalizers: [prepend, spaces] } : spaces,
    pre_tokenizer: null,
    decoder: { type: 'ByteFallback' },
    model: {
      type: 'BPE',
      vocab,
      merges: mergesOf(tokens, types, data['tokenizer.ggml.scores']),
      unk_token: tokens[types.indexOf(UNKNOWN)] ?? null,
      fuse_unk: true,
      byte_fallback: true,
    },
  };
}

/**
 * SentencePiece merges the pair whose result has the highest score. As a list of merges, that is every way to build
 * each piece from two others, by falling score.
 */
function mergesOf(tokens: readonly string[], types: readonly number[], scores: readonly number[]): [string, string][] {
  const ids = new Map(tokens.flatMap((token, id) => (types[id] === NORMAL ? [[token, id] as const] : [])));
  const wholes = [...ids].sort(([, a], [, b]) => scores[b]! - scores[a]! || a - b);
  return wholes.flatMap(([whole]) => {
    const characters = Array.from(whole);
    return characters.slice(1).flatMap((_, i): [string, string][] => {
      const [left, right] = [characters.slice(0, i + 1).join(''), characters.slice(i + 1).join('')];
      return ids.has(left) && ids.has(right) ? [[left, right]] : [];
    });
  });
}
