// Log-probabilities as OpenAI writes them, for tokens that may be shown; what a content rule hides, no alternative tells.
import { judge, maskText } from '@/core/constraints/constraints';
import type { Piece } from '@/server/services/generation/read-answers';
import type { Completion } from '../services/completion';
import type { Call } from './route';
import type { ChatLogprobs, TextLogprobs } from './schemas';

type TokenEntry = ChatLogprobs['content'][number];

/** `index` of the piece says whose tokens they are. */
export function tokensOf({ product, settings }: Call, completion: Completion, { index, tokens }: Piece): TokenEntry[] {
  const { logprobs, top } = completion.answers[index]!;
  const { tokenizer } = product.base;
  const alternative = (id: number) => {
    const text = tokenizer.decode([id]);
    return maskText(text, judge(settings.constraints, text).hits);
  };
  return tokens.map(({ index: at, text, isMasked }) => {
    const likeliest = isMasked ? undefined : top[at];
    return {
      token: text,
      logprob: logprobs[at]!,
      bytes: [...Buffer.from(text)],
      top_logprobs: (likeliest?.ids ?? []).map((id, rank) => {
        const token = alternative(id);
        // A part of a character has no text of its own.
        const bytes = token.includes('\uFFFD') ? null : [...Buffer.from(token)];
        return { token, logprob: likeliest!.logprobs[rank]!, bytes };
      }),
    };
  });
}

/** `offset` is the length of the text before. */
export function textLogprobs(tokens: TokenEntry[], offset: number): TextLogprobs {
  let at = offset;
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs }) =>
      Object.fromEntries(top_logprobs.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: tokens.map(({ token }) => {
      const start = at;
      at += token.length;
      return start;
    }),
  };
}
