// The kind of rule that asks another server what is forbidden in a text.
import { z } from 'zod';
import { AttuneError, type NoVerdict } from '../../errors';
import { FallibleRule } from '../rule';
import type { Span, VerdictRule } from '../scanner';

export const HttpRule = FallibleRule.extend({
  kind: z.literal('http'),
  /** Receives {text} as JSON, and with `sendsContext` {text, context: {input, systemPrompt}}. */
  url: z.url({ protocol: /^https?$/, error: 'Use an address that begins with https:// or http://.' }).max(2000),
  /** The message that was answered, and the system prompt, leave with each sentence. */
  sendsContext: z.boolean().default(false),
});
export type HttpRule = z.infer<typeof HttpRule>;

const HttpSpan = z
  .strictObject({ start: z.int().min(0), end: z.int().min(1) })
  .refine(({ start, end }) => start < end, 'start must be less than end');
/** Offsets are UTF-16 units of the text. */
const HttpVerdict = z.union([
  z.strictObject({ hits: z.array(HttpSpan).max(1000) }),
  z.strictObject({ isHit: z.boolean() }),
]);

export function compileHttp({ url, sendsContext, onFailure, timeoutMs }: HttpRule): VerdictRule {
  return {
    onFailure,
    timeoutMs,
    judge: (texts, context, tools, signal) =>
      Promise.all(
        texts.map(async (text) => {
          const body = sendsContext ? { text, context } : { text };
          return parseVerdict(url, text, await tools.post(url, body, signal));
        }),
      ),
  };
}

/** Why a server gave no verdict, from what its rule threw. */
export function noVerdictOf(error: unknown): NoVerdict {
  if (error instanceof AttuneError && error.noVerdict) return error.noVerdict;
  if (error instanceof AttuneError && ['TOO_LONG', 'FORBIDDEN', 'UNSUPPORTED'].includes(error.code)) return 'answer';
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'unreachable';
}

function parseVerdict(url: string, text: string, answer: unknown): Span[] {
  const { data } = HttpVerdict.safeParse(answer);
  const host = new URL(url).host;
  if (!data) {
    throw new AttuneError(
      'UNAVAILABLE',
      `${host} answered neither {"hits": [{"start", "end"}]} nor {"isHit"}. Make it answer one of them.`,
      { noVerdict: 'answer' },
    );
  }
  if ('isHit' in data) return data.isHit ? [{ start: 0, end: text.length }] : [];
  const outside = data.hits.find(({ end }) => end > text.length);
  if (outside) {
    throw new AttuneError(
      'UNAVAILABLE',
      `${host} names the characters ${outside.start} to ${outside.end} of a text of ${text.length}.`,
      { noVerdict: 'answer' },
    );
  }
  // Half a character can be neither shown nor stored.
  return data.hits.map(({ start, end }) => ({
    start: isInsidePair(text, start) ? start - 1 : start,
    end: isInsidePair(text, end) ? end + 1 : end,
  }));
}

const isInsidePair = (text: string, at: number) => at > 0 && text.codePointAt(at - 1)! > 0xffff;
