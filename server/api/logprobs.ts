// Log-probabilities as OpenAI writes them, for tokens that may be shown; alternatives do not reveal what a rule hides.
import { judge, maskText } from '@/core/constraints/judge';
import type { Piece } from '@/server/services/generation/read-answers';
import type { Completion } from '../services/completion/completion';
import type { ChatLogprobs, TextLogprobs } from './openapi/responses';
import type { Call } from './route';

type ShownToken = Piece['tokens'][number];
type TokenEntry = ChatLogprobs['content'][number];

/** The piece's `index` says which answer its tokens belong to. */
export function tokensOf({ product, settings }: Call, completion: Completion, { index, tokens }: Piece): TokenEntry[] {
  const { ids, logprobs, top } = completion.answers[index]!;
  const { tokenizer } = product.base;
  const alternative = (id: number, logprob: number) => {
    const text = tokenizer.decode([id]);
    const token = maskText(text, judge(settings.rules, text).hits);
    // No rule can match a part of a character.
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

/** The token's own bytes, which may be a part of a character, or those of its text when less of it is shown. */
function bytesOf({ text, isMasked, isCut }: ShownToken, raw: Uint8Array): Uint8Array {
  const shown = Buffer.from(text);
  // Some tokenizers put a space before a text, and decoding drops it.
  const isShortened = raw[0] === 0x20 && shown.equals(raw.subarray(1));
  return isMasked || isCut || isShortened ? shown : raw;
}

/** `offset` is the length of the text before these tokens. */
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

/** Parts of characters all read the same as text, so they are named by their bytes, in OpenAI's notation. */
function nameOf({ token, bytes }: TokenEntry['top_logprobs'][number]): string {
  if (!token.includes('\uFFFD') || bytes === null) return token;
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}
