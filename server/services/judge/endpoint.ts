// An OpenAI-compatible endpoint as a judge: every try is paid for beforehand, waits its turn, and ends in time.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { ChatMessage } from '@/core/base/base';
import { AttuneError, toAttuneError } from '@/core/errors';
import { mostPromptTokens } from '@/core/judging/judge';
import { parseChoice, parseRating } from '@/core/judging/verdict';
import type { judge } from '@/db/schema';
import type { OutgoingResponse } from '@/server/http/outgoing';
import type { Product } from '@/server/services/product';
import { type CallTokens, reserveCall, settleCall } from './budget';
import { type JudgeReader, JudgeTrouble } from './reader';

const TRIES = 4;
/** Doubles with each try. */
const FIRST_BACKOFF_MS = 500;
const MOST_BACKOFF_MS = 60_000;
/** A verdict and a sentence. */
const VERDICT_TOKENS = 120;
const TOP_LOGPROBS = 20;
const MOST_BYTES = 4 * 1024 * 1024;
/** Characters that are kept of what an endpoint says; one may go on beyond the tokens that it was allowed. */
const MOST_WORDS = 50_000;
/** What rounding may put a log-probability above 0 by. */
const ROUNDING = 0.001;
/** Tokens of a call that no endpoint can have read or written. */
const MOST_TOKENS = 1e9;
/** Of one request: the next one may be taken. */
const TEXT_REFUSED = new Set([400, 413, 422]);
/** No connection came about, so nothing was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const FREE: CallTokens = { prompt: 0, completion: 0 };

const Tokens = z.int().min(0).max(MOST_TOKENS);
const TokenLogprob = z.object({ token: z.string(), logprob: z.number() });
const Completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish() }),
        logprobs: z
          .object({ content: z.array(z.object({ top_logprobs: z.array(TokenLogprob).default([]) })).nullish() })
          .nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: Tokens, completion_tokens: Tokens }).nullish(),
});
type Completion = z.infer<typeof Completion>;

type Row = typeof judge.$inferSelect;
type Parts = Pick<Product, 'db' | 'outgoing' | 'secrets' | 'random'>;

export const keyPlace = (judgeId: string) => `judge ${judgeId}`;

export function createEndpointReader(parts: Parts, row: Row): JudgeReader {
  /** With the key as it is now: a replaced one is never sent again. */
  const headersWith = (sealedKey: string | null) => ({
    'content-type': 'application/json',
    ...(sealedKey && { authorization: `Bearer ${openKey(parts, row.id, sealedKey)}` }),
  });
  // A key that does not open is named before anything is asked.
  headersWith(row.sealedKey);
  const url = `${row.url!.replace(/\/+$/, '')}/chat/completions`;
  let price = 0;

  /** Returns the answer, or the trouble for which another try may help. */
  async function attempt(body: string, most: CallTokens, signal: AbortSignal): Promise<Completion | OutgoingResponse> {
    const reserved = await reserveCall(parts.db, row.id, most);
    if ('refusal' in reserved) throw new JudgeTrouble(reserved.refusal);
    const { worst, waitMs, sealedKey } = reserved;
    const settle = async (used: CallTokens) => {
      price += await settleCall(parts.db, row.id, worst, used);
    };
    let response: OutgoingResponse;
    try {
      await delay(waitMs, undefined, { signal });
      const timeoutMs = row.timeoutSeconds * 1000;
      const headers = headersWith(sealedKey);
      response = await parts.outgoing.send({
        ...{ url, method: 'POST', headers, body, timeoutMs, mostBytes: MOST_BYTES, signal },
      });
    } catch (error) {
      // What was sent may have been computed and billed: it stays spent.
      if (wasNotComputed(error)) await settle(FREE);
      else price += worst;
      throw error;
    }
    if (response.status !== 200) {
      await settle(FREE);
      return response;
    }
    const completion = parseCompletion(response.text);
    const usage = completion?.usage;
    await settle(usage ? { prompt: usage.prompt_tokens, completion: usage.completion_tokens } : most);
    if (!completion)
      throw new AttuneError('UNAVAILABLE', 'The endpoint answered with something else than a chat completion.');
    return completion;
  }

  async function ask(messages: ChatMessage[], maxTokens: number, signal: AbortSignal): Promise<Completion> {
    const asksLogprobs = row.givesLogprobs && { logprobs: true, top_logprobs: TOP_LOGPROBS };
    const body = JSON.stringify({
      ...{ model: row.model, messages, temperature: 0, max_tokens: maxTokens },
      ...asksLogprobs,
    });
    const most = { prompt: mostPromptTokens(messages), completion: maxTokens };
    for (let failed = 0; ; ) {
      let wait: number | null = null;
      try {
        const answer = await attempt(body, most, signal);
        if (!('status' in answer)) return answer;
        if (TEXT_REFUSED.has(answer.status)) throw new AttuneError('TOO_LONG', 'The endpoint does not take this text.');
        if (answer.status !== 429 && answer.status < 500)
          throw new JudgeTrouble('refused', { cause: statusError(answer) });
        wait = retryAfterMs(answer);
      } catch (thrown) {
        if (thrown instanceof JudgeTrouble || signal.aborted) throw thrown;
        const error = toAttuneError(thrown);
        if (error.code === 'TOO_LONG') throw error;
        if (error.code === 'FORBIDDEN' || error.code === 'BAD_INPUT')
          throw new JudgeTrouble('refused', { cause: error });
        if (error.code !== 'UNAVAILABLE') throw new JudgeTrouble('endpoint', { cause: error });
      }
      if (++failed === TRIES) throw new JudgeTrouble('endpoint');
      // Between a half and the whole of the step, so that replicas do not come back together.
      const step = FIRST_BACKOFF_MS * 2 ** (failed - 1) * (0.5 + parts.random() / 2);
      await delay(Math.min(MOST_BACKOFF_MS, Math.max(wait ?? 0, step)), undefined, { signal });
    }
  }

  return {
    async compare(messages, signal) {
      const completion = await ask(messages, VERDICT_TOKENS, signal);
      const words = wordsOf(completion);
      const choice = parseChoice(words);
      return choice && { logOdds: logOddsOf(completion), choice, words };
    },
    async rate(messages, signal) {
      const words = wordsOf(await ask(messages, VERDICT_TOKENS, signal));
      const rating = parseRating(words);
      return rating === null ? null : { expected: rating, words };
    },
    write: async (messages, maxTokens, signal) => wordsOf(await ask(messages, maxTokens, signal)),
    takePrice() {
      const taken = price;
      price = 0;
      return taken;
    },
  };
}

function openKey({ secrets }: Parts, judgeId: string, sealed: string): string {
  try {
    return secrets.open(sealed, keyPlace(judgeId));
  } catch (cause) {
    throw new JudgeTrouble('key', { cause });
  }
}

/** An endpoint's own words about an error may repeat the key, so none of them is kept. */
const statusError = ({ status }: OutgoingResponse) =>
  new AttuneError('UNAVAILABLE', `The endpoint answered with status ${status}.`);

/** True where the wait was broken off, the address was refused, nobody was reached, or a redirect was the answer. */
function wasNotComputed(thrown: unknown): boolean {
  if (!(thrown instanceof AttuneError)) return true;
  const { code, cause } = thrown;
  if (code === 'BAD_INPUT' || code === 'FORBIDDEN') return true;
  return NOT_CONNECTED.has((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** Null for anything else than a chat completion. */
function parseCompletion(text: string): Completion | null {
  try {
    return Completion.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Postgres cannot store U+0000 and half a surrogate pair. */
const wordsOf = ({ choices }: Completion) =>
  (choices[0]!.message.content ?? '')
    .trim()
    .slice(0, MOST_WORDS)
    .replace(/\p{Surrogate}|\0/gu, '\uFFFD');

/** Of A over B as the first token, each in all its spellings; null where the endpoint does not name both, or names what is no probability. */
function logOddsOf({ choices }: Completion): number | null {
  const top = choices[0]!.logprobs?.content?.[0]?.top_logprobs ?? [];
  if (top.some(({ logprob }) => logprob > ROUNDING)) return null;
  const massOf = (letter: string) =>
    top.reduce((sum, { token, logprob }) => sum + (token.trim().toUpperCase() === letter ? Math.exp(logprob) : 0), 0);
  const [a, b] = [massOf('A'), massOf('B')];
  return a > 0 && b > 0 ? Math.log(a) - Math.log(b) : null;
}

/** Null without a header that says it in seconds. */
function retryAfterMs({ headers }: OutgoingResponse): number | null {
  const seconds = Number(headers['retry-after']);
  return headers['retry-after'] !== undefined && Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : null;
}
