// The two completion endpoints: a request of OpenAI's shape to a completion, and its answers back.
import type { ChatMessage } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import type { Sampling } from '@/core/sampling';
import type { Piece } from '@/server/services/generation/read-answers';
import { complete } from '../services/completion/complete';
import type { Completion } from '../services/completion/completion';
import type { Prompt } from '../services/completion/prompt';
import { repeatKeyOf } from './idempotency';
import { textLogprobs, tokensOf } from './logprobs';
import { ChatCompletionRequest, type Common, CompletionRequest, type Message } from './requests';
import { type Format, respond } from './respond';
import type { Call } from './route';

/** OpenAI's default for a text completion that sets no maximum. */
const TEXT_MAX_TOKENS = 16;

export async function chatCompletion(call: Call): Promise<Response> {
  const body = await call.read(ChatCompletionRequest);
  if (body.top_logprobs && !body.logprobs)
    throw new AttuneError('BAD_INPUT', '"top_logprobs" needs "logprobs": true.', { param: 'top_logprobs' });
  const prompts = [{ param: 'messages', messages: body.messages.map(messageOf) }];
  const completion = await begin(call, body, prompts, maxTokensOf(body), body.top_logprobs ?? 0);
  return respond(call, body, completion, chatFormat(call, completion, body.logprobs ?? false));
}

export async function textCompletion(call: Call): Promise<Response> {
  const body = await call.read(CompletionRequest);
  const maxTokens = body.max_tokens ?? TEXT_MAX_TOKENS;
  const completion = await begin(call, body, promptsOf(body), maxTokens, body.logprobs ?? 0);
  return respond(call, body, completion, textFormat(call, completion, typeof body.logprobs === 'number'));
}

function messageOf({ role, content, refusal }: Message): ChatMessage {
  const parts = typeof content === 'string' ? [content] : (content ?? [refusal ?? '']);
  const texts = parts.map((part) =>
    typeof part === 'string' ? part : part.type === 'text' ? part.text : part.refusal,
  );
  return { role: role === 'developer' ? 'system' : role, content: texts.join('') };
}

/** A list of numbers is one prompt in token ids; every other list holds prompts. */
function promptsOf({ prompt }: CompletionRequest): Prompt[] {
  if (typeof prompt === 'string') return [{ param: 'prompt', text: prompt }];
  if (typeof prompt[0] === 'number') return [{ param: 'prompt', ids: prompt as number[] }];
  return (prompt as (string | number[])[]).map((one, index) => {
    const param = `prompt[${index}]`;
    return typeof one === 'string' ? { param, text: one } : { param, ids: one };
  });
}

function begin(
  { product, owner, settings, headers, signal }: Call,
  body: Common,
  prompts: Prompt[],
  maxTokens: number | null | undefined,
  topLogprobs: number,
): Promise<Completion> {
  if (body.stream_options && !body.stream)
    throw new AttuneError('BAD_INPUT', '"stream_options" needs "stream": true.', { param: 'stream_options' });
  const input = {
    model: body.model,
    prompts,
    choices: body.n ?? 1,
    sampling: samplingOf(body, maxTokens),
    seed: body.seed ?? null,
    topLogprobs,
    conversationId: body.metadata?.conversation_id ?? null,
    repeatKey: repeatKeyOf(headers, body),
  };
  return complete(product, owner, settings, input, signal);
}

function maxTokensOf({ max_tokens, max_completion_tokens }: ChatCompletionRequest): number | null | undefined {
  if (max_tokens && max_completion_tokens && max_tokens !== max_completion_tokens) {
    const message = '"max_tokens" and "max_completion_tokens" say different numbers; send one of them.';
    throw new AttuneError('BAD_INPUT', message, { param: 'max_tokens' });
  }
  return max_completion_tokens ?? max_tokens;
}

/** Only what the request sets; the product's settings fill in the rest. */
function samplingOf(body: Common, maxTokens: number | null | undefined): Omit<Partial<Sampling>, 'seed'> {
  const asked = {
    temperature: body.temperature,
    topP: body.top_p === 0 ? 1 : body.top_p,
    // top_p 0 leaves only the most likely token.
    topK: body.top_p === 0 ? 1 : body.top_k,
    minP: body.min_p,
    repetitionPenalty: body.repetition_penalty,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    logitBias: body.logit_bias,
    maxTokens,
    stop: typeof body.stop === 'string' ? [body.stop] : body.stop,
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null && value !== undefined));
}

const textOf = (pieces: Piece[]) => pieces.map(({ text }) => text).join('');

function chatFormat(call: Call, completion: Completion, hasLogprobs: boolean): Format {
  const logprobs = (pieces: Piece[]) =>
    hasLogprobs ? { content: pieces.flatMap((piece) => tokensOf(call, completion, piece)), refusal: null } : null;
  return {
    prefix: 'chatcmpl',
    object: 'chat.completion',
    chunkObject: 'chat.completion.chunk',
    chunk: (index, piece) => ({
      index,
      delta: piece ? { content: piece.text } : { role: 'assistant', content: '' },
      logprobs: piece ? logprobs([piece]) : null,
      finish_reason: null,
    }),
    end: (index, finish_reason) => ({ index, delta: {}, logprobs: null, finish_reason }),
    whole: (index, pieces, finish_reason) => ({
      index,
      message: { role: 'assistant', content: textOf(pieces), refusal: null },
      logprobs: logprobs(pieces),
      finish_reason,
    }),
  };
}

function textFormat(call: Call, completion: Completion, hasLogprobs: boolean): Format {
  const lengths = completion.answers.map(() => 0);
  const logprobs = (index: number, pieces: Piece[]) => {
    if (!hasLogprobs) return null;
    const tokens = pieces.flatMap((piece) => tokensOf(call, completion, piece));
    const offset = lengths[index]!;
    lengths[index] = offset + tokens.reduce((total, { token }) => total + token.length, 0);
    return textLogprobs(tokens, offset);
  };
  return {
    prefix: 'cmpl',
    object: 'text_completion',
    chunkObject: 'text_completion',
    chunk: (index, piece) => ({
      index,
      text: piece?.text ?? '',
      logprobs: piece ? logprobs(index, [piece]) : null,
      finish_reason: null,
    }),
    end: (index, finish_reason) => ({ index, text: '', logprobs: null, finish_reason }),
    whole: (index, pieces, finish_reason) => ({
      index,
      text: textOf(pieces),
      logprobs: logprobs(index, pieces),
      finish_reason,
    }),
  };
}
