// A byte-level BPE tokenizer whose special tokens are out of reach of plain text.
import { Tokenizer as BpeEncoder } from '@huggingface/tokenizers';
import { z } from 'zod';
import type { Tokenizer } from './base';
import { AttuneError } from './errors';

const TokenizerJson = z.looseObject({
  added_tokens: z
    .array(z.looseObject({ id: z.int(), content: z.string().min(1), special: z.boolean().default(false) }))
    .default([]),
  normalizer: z.unknown().default(null),
  pre_tokenizer: z.unknown().default(null),
  decoder: z.unknown().default(null),
  model: z.looseObject({ type: z.string(), vocab: z.record(z.string(), z.int()), merges: z.array(z.unknown()) }),
});
export type TokenizerJson = z.infer<typeof TokenizerJson>;

/** Marks a place where no special token may begin. Alone it is malformed UTF-16, so cleaned text never holds it. */
const BARRIER = '\udc00';
const BARRIERS = /\udc00/gu; // u: not the second half of a pair

/** GPT-2's byte alphabet: the character that stands for each byte in the vocabulary. */
export const BYTE_CHARACTERS: string[] = (() => {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
})();
const BYTE_OF = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

/** Lone surrogates become U+FFFD. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd');

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Longest first, so that a token that begins with another one wins. */
function splitter(contents: string[]): RegExp | null {
  if (contents.length === 0) return null;
  return new RegExp(
    `(${[...contents]
      .sort((a, b) => b.length - a.length)
      .map(escapeRegExp)
      .join('|')})`,
  );
}

export class ByteLevelTokenizer implements Tokenizer {
  readonly vocabSize: number;
  private readonly encoder: BpeEncoder;
  private readonly bytes: Uint8Array[] = [];
  private readonly specialIds = new Set<number>();
  private readonly addedIds = new Map<string, number>();
  private readonly splitAll: RegExp | null;
  private readonly splitPlain: RegExp | null;
  private readonly barrierPlaces: RegExp | null;
  /** Bytes that no token stands for, and what replaces a character that needs one of them. */
  private readonly missing = new Uint8Array(256);
  private readonly replacement: string;

  constructor(json: TokenizerJson) {
    const specials = json.added_tokens.filter((token) => token.special).map((token) => token.content);
    const single = specials.find((content) => content.length < 2);
    if (single)
      throw new AttuneError('UNSUPPORTED', `The special token ${JSON.stringify(single)} is a single character.`);
    this.splitAll = splitter(json.added_tokens.map((token) => token.content));
    this.splitPlain = splitter(json.added_tokens.filter((token) => !token.special).map((token) => token.content));
    const first = [...new Set(specials.map((content) => String.fromCodePoint(content.codePointAt(0)!)))];
    this.barrierPlaces = first.length ? new RegExp(`(?:${first.map(escapeRegExp).join('|')})`, 'gu') : null;

    // The encoder never sees an added token: they are cut out before, and gone from its vocabulary.
    const vocab = { ...json.model.vocab };
    for (const { id, content, special } of json.added_tokens) {
      delete vocab[content];
      this.addedIds.set(content, id);
      this.bytes[id] = Buffer.from(content);
      if (special) this.specialIds.add(id);
    }
    for (const [token, id] of Object.entries(vocab)) {
      this.bytes[id] = Uint8Array.from(token, (character) => {
        const byte = BYTE_OF.get(character);
        if (byte === undefined) {
          throw new AttuneError('UNSUPPORTED', `The token ${JSON.stringify(token)} (${id}) is not byte-level.`);
        }
        return byte;
      });
    }
    this.vocabSize = this.bytes.length;
    for (let byte = 0; byte < 256; byte++) this.missing[byte] = BYTE_CHARACTERS[byte]! in vocab ? 0 : 1;
    this.replacement = Buffer.from('\ufffd').every((byte) => !this.missing[byte]) ? '\ufffd' : '?';
    this.encoder = new BpeEncoder(
      {
        ...json,
        post_processor: null,
        added_tokens: [],
        model: { ...json.model, vocab },
      },
      {},
    );
  }

  encode(text: string, { special = false }: { special?: boolean } = {}): number[] {
    return this.encodePieces(wellFormed(text), special ? this.splitAll : this.splitPlain);
  }

  /** Text of a user to put into a template for `encodeTemplate`: it reads the same, and no special token can begin in it. */
  guard(text: string): string {
    const clean = wellFormed(text);
    return this.barrierPlaces ? clean.replace(this.barrierPlaces, `$&${BARRIER}`) : clean;
  }

  /** A rendered template to ids: its own special tokens count, those in guarded text are plain text. */
  encodeTemplate(rendered: string): number[] {
    return this.encodePieces(rendered, this.splitAll);
  }

  decode(ids: readonly number[]): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(ids.map((id) => this.bytesOf(id))));
  }

  stream(): { push(id: number): string; end(): string } {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return {
      push: (id) => decoder.decode(this.bytesOf(id), { stream: true }),
      end: () => decoder.decode(),
    };
  }

  isSpecial(id: number): boolean {
    return this.specialIds.has(id);
  }

  /** The id of an added token, for example `<|im_end|>`. */
  idOf(content: string): number | null {
    return this.addedIds.get(content) ?? null;
  }

  private encodePieces(text: string, split: RegExp | null): number[] {
    const ids: number[] = [];
    // A capturing split puts the separators at the odd indexes.
    for (const [index, piece] of (split ? text.split(split) : [text]).entries()) {
      if (index % 2 === 1) ids.push(this.addedIds.get(piece)!);
      else if (piece) {
        const plain = this.replaceMissing(piece.replace(BARRIERS, ''));
        for (const id of this.encoder.encode(plain, { add_special_tokens: false }).ids) ids.push(id);
      }
    }
    return ids;
  }

  /** A character with a byte that has no token would vanish; it becomes U+FFFD, so that the model sees that something was there. */
  private replaceMissing(text: string): string {
    if (!Buffer.from(text).some((byte) => this.missing[byte])) return text;
    return Array.from(text, (c) => (Buffer.from(c).some((byte) => this.missing[byte]) ? this.replacement : c)).join('');
  }

  private bytesOf(id: number): Uint8Array {
    const bytes = this.bytes[id];
    if (!bytes) throw new AttuneError('BAD_INPUT', `Token id ${id} is outside of the vocabulary of ${this.vocabSize}.`);
    return bytes;
  }
}

/** From the object in a `tokenizer.json`. */
export function tokenizerFromJson(json: unknown, source: string): ByteLevelTokenizer {
  const parsed = TokenizerJson.safeParse(json);
  if (!parsed.success) {
    throw new AttuneError('CORRUPT', `${source} is not a BPE tokenizer: ${z.prettifyError(parsed.error)}`);
  }
  const { model, decoder } = parsed.data;
  if (model.type !== 'BPE' || !JSON.stringify(decoder).includes('"ByteLevel"')) {
    throw new AttuneError(
      'UNSUPPORTED',
      `${source} holds a ${model.type} tokenizer; only byte-level BPE is supported.`,
    );
  }
  return new ByteLevelTokenizer(parsed.data);
}

const GgufTokenizer = z.object({
  'tokenizer.ggml.model': z.literal('gpt2'),
  'tokenizer.ggml.pre': z.enum(['smollm', 'gpt-2', 'default']).default('default'),
  'tokenizer.ggml.tokens': z.array(z.string()).min(1),
  'tokenizer.ggml.token_type': z.array(z.int()),
  'tokenizer.ggml.merges': z.array(z.string()),
});

/** From a GGUF file's metadata. Token types 3 (control) and 4 (user defined) are added tokens; only the former are special. */
export const tokenizerFromGguf = (metadata: Record<string, unknown>, source: string) =>
  new ByteLevelTokenizer(tokenizerJsonFromGguf(metadata, source));

/** The same in the form of a tokenizer.json. */
export function tokenizerJsonFromGguf(metadata: Record<string, unknown>, source: string): TokenizerJson {
  const parsed = GgufTokenizer.safeParse(metadata);
  if (!parsed.success) {
    throw new AttuneError('UNSUPPORTED', `The tokenizer of ${source} cannot be used: ${z.prettifyError(parsed.error)}`);
  }
  const tokens = parsed.data['tokenizer.ggml.tokens'];
  const types = parsed.data['tokenizer.ggml.token_type'];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const digits = { type: 'Digits', individual_digits: true };
  return {
    added_tokens: tokens.flatMap((content, id) =>
      types[id] === 3 || types[id] === 4 ? [{ id, content, special: types[id] === 3 }] : [],
    ),
    normalizer: null,
    pre_tokenizer:
      parsed.data['tokenizer.ggml.pre'] === 'smollm'
        ? { type: 'Sequence', pretokenizers: [digits, byteLevel] }
        : byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: parsed.data['tokenizer.ggml.merges'],
      unk_token: null,
      fuse_unk: false,
      byte_fallback: false,
    },
  };
}
