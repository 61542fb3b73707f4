// Log-probabilities as OpenAI writes them, for tokens that may be shown; what a content rule hides, no alternative tells.
import { judge, maskText } from '@/core/constraints/judge';
import type { Piece } from '@/server/services/generation/read-answers';
import type { Completion } from '../services/completion/completion';
import type { ChatLogprobs, TextLogprobs } from './openapi/responses';
import type { Call } from './route';

type ShownToken = Piece['tokens'][number];
type TokenEntry = ChatLogprobs['content'][number];

/** `index` of the piece says whose tokens they are. */
export function tokensOf({ product, settings }: Call, completion: Completion, { index, tokens }: Piece): TokenEntry[] {
  const { ids, logprobs, top } = completion.answers[index]!;
  const { tokenizer } = product.base;
  const alternative = (id: number, logprob: number) => {
    const text = tokenizer.decode([id]);
    const token = maskText(text, judge(settings.constraints, text).hits);
    // A part of a character is nothing that a rule can hide.
    const bytes = token === text ? tokenizer.bytesOf(id) : Buffer.from(token);
    return { token, logprob, bytes: [...bytes] };
  };
  return tokens.map((token) => {
    const likeliest = token.isMasked ? undefined : top[token.index];
    return {
      token: token.text,
      logprob: logprobs[token.index]!,
      bytes: [...bytesOf(token, tokenizer.bytesOf(ids[token.index]!))],
      top_logprobs: (likeliest?.ids ?? []).map((id, rank) => alternative(id, likeliest!.logprobs[rank]!)),
    };
  });
}

/** What the token itself says, a part of a character too, unless its text says less. */
function bytesOf({ text, isMasked, isCut }: ShownToken, raw: Uint8Array): Uint8Array {
  const shown = Buffer.from(text);
  // Some tokenizers put a space in front of a text, which decoding drops.
  const isShortened = raw[0] === 0x20 && shown.equals(raw.subarray(1));
  return isMasked || isCut || isShortened ? shown : raw;
}

/** `offset` is the length of the text before. */
export function textLogprobs(tokens: TokenEntry[], offset: number): TextLogprobs {
  let at = offset;
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs }) =>
      Object.fromEntries(top_logprobs.map((entry) => [nameOf(entry), entry.logprob])),
    ),
    text_offset: tokens.map(({ token }) => {
      const start = at;
      at += token.length;
      return start;
    }),
  };
}

/** Parts of characters, which all read alike, by their bytes: OpenAI's notation. */
function nameOf({ token, bytes }: TokenEntry['top_logprobs'][number]): string {
  if (!token.includes('\uFFFD') || bytes === null) return token;
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}
