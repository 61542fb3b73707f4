// A BPE tokenizer, byte-level or like SentencePiece, in which plain text can never become a special token.
import { Tokenizer as BpeEncoder } from '@huggingface/tokenizers';
import { z } from 'zod';
import { AttuneError } from '@/core/errors';
import type { Tokenizer } from './base';
import { TokenId } from './model-config';

const TokenizerJson = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({
        id: TokenId,
        content: z.string().min(1),
        special: z.boolean().default(false),
        lstrip: z.boolean().default(false),
        rstrip: z.boolean().default(false),
        single_word: z.boolean().default(false),
      }),
    )
    .default([]),
  normalizer: z.unknown().default(null),
  pre_tokenizer: z.unknown().default(null),
  decoder: z.unknown().default(null),
  model: z.looseObject({
    type: z.string(),
    vocab: z.record(z.string(), TokenId),
    dropout: z.literal(0).nullish(),
    merges: z.array(z.unknown()),
    byte_fallback: z.boolean().default(false),
  }),
});
export type TokenizerJson = z.input<typeof TokenizerJson>;
type ParsedJson = z.infer<typeof TokenizerJson>;

/** Where a SentencePiece-like tokenizer adds a space: nowhere, before the text, or before each piece. */
type SpacePrefix = 'never' | 'first' | 'always';
/** SentencePiece's space. */
const SPACE = '\u2581';

/** Unicode noncharacters: in guarded text each of them replaces a character with which a special token begins. */
const FIRST_TWIN = 0xfdd0;
const TWINS = /[\ufdd0-\ufdef]/g;
const MOST_TWINS = 32;

/** GPT-2's byte alphabet: the character for each byte in the vocabulary. */
export const BYTE_CHARACTERS: string[] = (() => {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
})();
const BYTE_OF = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

/** Lone surrogates become U+FFFD. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd');

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Longest first, so that a token wins over a shorter one with which it begins. */
function splitter(contents: string[]): RegExp | null {
  if (contents.length === 0) return null;
  return new RegExp(
    `(${[...contents]
      .sort((a, b) => b.length - a.length)
      .map(escapeRegExp)
      .join('|')})`,
  );
}

/** The bytes that a token of the vocabulary stands for. */
function byteLevelBytes(token: string, id: number): Uint8Array {
  return Uint8Array.from(token, (character) => {
    const byte = BYTE_OF.get(character);
    if (byte === undefined) {
      throw new AttuneError('UNSUPPORTED', `The token ${JSON.stringify(token)} (${id}) is not byte-level.`);
    }
    return byte;
  });
}

function sentencePieceBytes(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
  return byte ? Uint8Array.of(Number.parseInt(byte, 16)) : Buffer.from(token.replaceAll(SPACE, ' '));
}

export class BpeTokenizer implements Tokenizer {
  readonly vocabSize: number;
  private readonly encoder: BpeEncoder;
  /** The encoder of all pieces after the first, if these get no space in front. */
  private readonly laterEncoder: BpeEncoder;
  private readonly spacePrefix: SpacePrefix;
  private readonly bytes: Uint8Array[] = [];
  private readonly specialIds = new Set<number>();
  private readonly addedIds = new Map<string, number>();
  private readonly added = new Set<number>();
  private readonly splitAll: RegExp | null;
  private readonly splitPlain: RegExp | null;
  /** The characters with which special tokens begin, each with its twin. */
  private readonly twins: Map<string, string>;
  private readonly beginnings: RegExp | null;
  /** Bytes for which there is no token, and what replaces a character that needs one of them. */
  private readonly missing = new Uint8Array(256);
  private readonly replacement: string;

  constructor(input: TokenizerJson) {
    const json = TokenizerJson.parse(input);
    const specials = json.added_tokens.filter((token) => token.special).map((token) => token.content);
    const single = specials.find((content) => content.length < 2);
    if (single)
      throw new AttuneError('UNSUPPORTED', `The special token ${JSON.stringify(single)} is a single character.`);
    this.splitAll = splitter(json.added_tokens.map((token) => token.content));
    this.splitPlain = splitter(json.added_tokens.filter((token) => !token.special).map((token) => token.content));
    const first = [...new Set(specials.map((content) => String.fromCodePoint(content.codePointAt(0)!)))];
    if (first.length > MOST_TWINS) {
      throw new AttuneError(
        'UNSUPPORTED',
        `Special tokens begin with ${first.length} different characters; at most ${MOST_TWINS} are supported.`,
      );
    }
    this.twins = new Map(first.map((character, i) => [character, String.fromCharCode(FIRST_TWIN + i)]));
    this.beginnings = first.length ? new RegExp(first.map(escapeRegExp).join('|'), 'gu') : null;

    // The encoder never sees an added token: added tokens are cut out first and removed from its vocabulary.
    const vocab = { ...json.model.vocab };
    for (const { id, content, special } of json.added_tokens) {
      delete vocab[content];
      this.addedIds.set(content, id);
      this.added.add(id);
      this.bytes[id] = Buffer.from(content);
      if (special) this.specialIds.add(id);
    }
    const isByteLevel = !json.model.byte_fallback;
    for (const [token, id] of Object.entries(vocab)) {
      this.bytes[id] = isByteLevel ? byteLevelBytes(token, id) : sentencePieceBytes(token);
    }
    this.vocabSize = this.bytes.length;
    for (let byte = 0; byte < 256; byte++) {
      const token = isByteLevel ? BYTE_CHARACTERS[byte]! : byteToken(byte);
      this.missing[byte] = token in vocab ? 0 : 1;
    }
    if (!isByteLevel && this.missing.includes(1)) {
      const token = byteToken(this.missing.indexOf(1));
      throw new AttuneError('UNSUPPORTED', `The tokenizer falls back on bytes and has no token ${token}.`);
    }
    this.replacement = Buffer.from('\ufffd').every((byte) => !this.missing[byte]) ? '\ufffd' : '?';
    this.spacePrefix = spacePrefixOf(json);
    const createEncoder = (pre_tokenizer: unknown) =>
      new BpeEncoder(
        { ...json, pre_tokenizer, post_processor: null, added_tokens: [], model: { ...json.model, vocab } } as never,
        {},
      );
    this.encoder = createEncoder(json.pre_tokenizer);
    this.laterEncoder = this.spacePrefix === 'first' ? createEncoder(withoutPrefix(json.pre_tokenizer)) : this.encoder;
  }

  encode(text: string, { special = false }: { special?: boolean } = {}): number[] {
    return this.encodePieces(wellFormed(text), special ? this.splitAll : this.splitPlain);
  }

  /**
   * A user's text for a template that goes to `encodeTemplate`: the same length, but no special token can begin in it.
   */
  guard(text: string): string {
    const clean = wellFormed(text).replace(TWINS, '\ufffd');
    return this.beginnings ? clean.replace(this.beginnings, (character) => this.twins.get(character)!) : clean;
  }

  /** The text before `guard`. */
  unguard(text: string): string {
    const characters = [...this.twins.keys()];
    return text.replace(TWINS, (twin) => characters[twin.charCodeAt(0) - FIRST_TWIN] ?? twin);
  }

  /** Encodes a rendered template: its own special tokens count as such; those in guarded text are plain text. */
  encodeTemplate(rendered: string): number[] {
    return this.encodePieces(rendered, this.splitAll, (piece) => this.unguard(piece));
  }

  decode(ids: readonly number[]): string {
    const next = this.byteReader();
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(ids.map(next)));
  }

  stream(): { push(id: number): string; end(): string } {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const next = this.byteReader();
    return {
      push: (id) => decoder.decode(next(id), { stream: true }),
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

  private encodePieces(text: string, split: RegExp | null, read = (piece: string) => piece): number[] {
    const ids: number[] = [];
    // A capturing split puts the separators at the odd indexes.
    for (const [index, piece] of (split ? text.split(split) : [text]).entries()) {
      if (index % 2 === 1) ids.push(this.addedIds.get(piece)!);
      else if (piece) {
        const plain = this.replaceMissing(read(piece));
        if (plain === '') continue;
        const encoder = index === 0 ? this.encoder : this.laterEncoder;
        for (const id of encoder.encode(plain, { add_special_tokens: false }).ids) ids.push(id);
      }
    }
    return ids;
  }

  /**
   * A character with a byte that has no token would vanish; it becomes U+FFFD, so that the model sees that it existed.
   */
  private replaceMissing(text: string): string {
    if (!Buffer.from(text).some((byte) => this.missing[byte])) return text;
    return Array.from(text, (c) => (Buffer.from(c).some((byte) => this.missing[byte]) ? this.replacement : c)).join('');
  }

  bytesOf(id: number): Uint8Array {
    const bytes = this.bytes[id];
    if (bytes) return bytes;
    throw new AttuneError('BAD_INPUT', `Token id ${id} is outside the vocabulary of ${this.vocabSize}.`);
  }

  /** Returns a function that gives the bytes of one token after another, without the spaces that encoding added. */
  private byteReader(): (id: number) => Uint8Array {
    let isPrefixed = this.spacePrefix !== 'never';
    return (id) => {
      const bytes = this.bytesOf(id);
      const isAdded = this.added.has(id);
      const own = isPrefixed && !isAdded && bytes[0] === 0x20 ? bytes.subarray(1) : bytes;
      isPrefixed = isAdded && this.spacePrefix === 'always';
      return own;
    };
  }
}

const byteToken = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

type Part = { type?: string; normalizers?: Part[]; pretokenizers?: Part[]; prepend_scheme?: SpacePrefix };
const partsOf = (part: unknown): Part[] => {
  const { normalizers, pretokenizers } = (part ?? {}) as Part;
  return [normalizers ?? pretokenizers ?? (part as Part | null) ?? []].flat();
};

function spacePrefixOf({ normalizer, pre_tokenizer }: ParsedJson): SpacePrefix {
  if (partsOf(normalizer).some(({ type }) => type === 'Prepend')) return 'always';
  const metaspace = partsOf(pre_tokenizer).find(({ type }) => type === 'Metaspace');
  return metaspace ? (metaspace.prepend_scheme ?? 'always') : 'never';
}

const withoutPrefix = (pre_tokenizer: unknown) => ({
  type: 'Sequence',
  pretokenizers: partsOf(pre_tokenizer).map((part) =>
    part.type === 'Metaspace' ? { ...part, prepend_scheme: 'never' } : part,
  ),
});

/** Has letters, digits, spaces, punctuation and other scripts, so that every part of a tokenizer runs. */
const PROBE = " Hello, world's 123\n\n  日本 \u{1f600}";

/** Throws UNSUPPORTED if any part, such as a regular expression, is broken or unknown to the library. */
export function buildTokenizer(json: TokenizerJson, source: string): BpeTokenizer {
  try {
    const tokenizer = new BpeTokenizer(json);
    tokenizer.encode(PROBE);
    return tokenizer;
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw new AttuneError('UNSUPPORTED', `The tokenizer of ${source} cannot be used: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** `json` is the object in a `tokenizer.json`. */
export function tokenizerFromJson(json: unknown, source: string): BpeTokenizer {
  const parsed = TokenizerJson.safeParse(json);
  if (!parsed.success) {
    throw new AttuneError('CORRUPT', `${source} is not a BPE tokenizer: ${z.prettifyError(parsed.error)}`);
  }
  const { model, decoder, added_tokens } = parsed.data;
  const has = (type: string) => JSON.stringify(decoder).includes(`"${type}"`);
  if (model.type !== 'BPE' || !has(model.byte_fallback ? 'ByteFallback' : 'ByteLevel')) {
    throw new AttuneError(
      'UNSUPPORTED',
      `${source} holds a ${model.type} tokenizer; only BPE that is byte-level or falls back on bytes is supported.`,
    );
  }
  const greedy = added_tokens.find(({ lstrip, rstrip, single_word }) => lstrip || rstrip || single_word);
  if (greedy) {
    const token = JSON.stringify(greedy.content);
    throw new AttuneError('UNSUPPORTED', `${source}: ${token} includes spaces or word ends, which is not supported.`);
  }
  return buildTokenizer(parsed.data, source);
}
