// A completion as an HTTP response: whole, or as server-sent events that follow the reader's pace.
import { AttuneError } from '@/core/errors';
import { type Piece, readAnswers } from '@/server/services/generation/read-answers';
import type { EndEvent } from '@/server/services/generation/running-generation';
import type { Completion } from '../services/completion/completion';
import { asAttuneError, errorBody } from './errors';
import { firstWithin, pacedStream } from './event-stream';
import { IDEMPOTENCY_KEY } from './idempotency';
import type { Usage } from './openapi/responses';
import type { Common } from './requests';
import type { Call } from './route';

/** What differs between the two endpoints. */
export interface Format {
  prefix: string;
  object: string;
  chunkObject: string;
  /** The choice of a chunk; `piece` null opens the answer. */
  chunk(index: number, piece: Piece | null): unknown;
  /** The choice that ends the answer in a stream. */
  end(index: number, finishReason: string): unknown;
  /** The choice of a whole response, from all of its pieces. */
  whole(index: number, pieces: Piece[], finishReason: string): unknown;
}

/** Proxies give up on a connection that is silent for 60 seconds. */
const PACE = { everyMs: 15_000, unreadMs: 30_000 };
/** A whole answer that takes longer has its status sent ahead of it; a failure before that gets its own status. */
const STATUS_WITHIN_MS = 25_000;

export async function respond(call: Call, body: Common, completion: Completion, format: Format): Promise<Response> {
  const { product, headers: asked } = call;
  const gone = new AbortController();
  const signal = AbortSignal.any([call.signal, gone.signal]);
  // A client that sends a request with a key may come back for its answer.
  const endsWithReader = asked.get(IDEMPOTENCY_KEY) === null;
  const stop = () => {
    if (endsWithReader) for (const answer of completion.answers) if (!answer.end) answer.stop();
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const ids = completion.answers.map(({ id }) => id);
  const unread = new AbortController();
  const onUnread = () => {
    product.log.warn({ generationIds: ids }, 'an API stream was left unread');
    unread.abort();
    stop();
  };
  const pace = { ...PACE, onUnread, onGone: () => gone.abort() };
  const pieces = readAnswers(completion.answers, signal);
  const head = {
    id: `${format.prefix}-${ids[0]}`,
    created: Math.floor(completion.createdAt.getTime() / 1000),
    model: completion.versionId,
  };
  const attune = { generation_ids: ids, conversation_id: completion.conversationId };
  const headers = {
    'x-attune-generation-id': ids.join(','),
    'cache-control': 'no-store',
    // A proxy that buffers would hold the stream back.
    'x-accel-buffering': 'no',
    ...(completion.isRepeated && { 'idempotency-replayed': 'true' }),
  };
  if (body.stream) {
    const chunks = chunksOf(completion, pieces, format, body.stream_options?.include_usage ?? false);
    const events = eventsOf(call, chunks, { ...head, object: format.chunkObject }, attune, unread.signal);
    return new Response(pacedStream(events, { ...pace, heartbeat: ': waiting\n\n' }), {
      headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8' },
    });
  }
  const text = collect(completion, pieces, format).then((choices) =>
    JSON.stringify({ ...head, object: format.object, choices, usage: usageOf(completion), attune }),
  );
  text.catch(() => undefined); // the reader may be gone when it fails
  const json = { headers: { ...headers, 'content-type': 'application/json' } };
  try {
    const whole = await firstWithin(text, STATUS_WITHIN_MS);
    if (whole !== null) return new Response(whole, json);
    // Blanks before JSON are legal. A later failure cuts the connection, so that no client takes it for an answer.
    return new Response(pacedStream(once(text, unread.signal), { ...pace, heartbeat: '\n' }), json);
  } catch (error) {
    stop();
    throw error;
  }
}

async function* once(text: Promise<string>, unread: AbortSignal): AsyncGenerator<string, void> {
  const whole = await text;
  if (unread.aborted) throw unreadFor(PACE.unreadMs);
  yield whole;
}

const unreadFor = (ms: number) =>
  new AttuneError(
    'CANCELLED',
    `Nothing was read for ${ms / 1000} s, so the answer was stopped. Read the stream as it arrives.`,
  );

async function collect(completion: Completion, all: AsyncGenerator<Piece, void>, format: Format) {
  const pieces: Piece[][] = completion.answers.map(() => []);
  for await (const piece of all) pieces[piece.index]!.push(piece);
  return pieces.map((mine, index) => format.whole(index, mine, finishReasonOf(mine.at(-1)!.end!)));
}

async function* chunksOf(
  completion: Completion,
  pieces: AsyncGenerator<Piece, void>,
  format: Format,
  hasUsage: boolean,
): AsyncGenerator<object> {
  const usage = hasUsage ? { usage: null } : {};
  yield { choices: completion.answers.map((_, index) => format.chunk(index, null)), ...usage };
  for await (const piece of pieces) {
    if (piece.text !== '' || piece.tokens.length > 0) yield { choices: [format.chunk(piece.index, piece)], ...usage };
    if (piece.end) yield { choices: [format.end(piece.index, finishReasonOf(piece.end))], ...usage };
  }
  if (hasUsage) yield { choices: [], usage: usageOf(completion) };
}

/** The events of a stream; its status has been sent by then, so a failure is also an event. */
async function* eventsOf(
  { product }: Call,
  chunks: AsyncGenerator<object>,
  frame: object,
  attune: object,
  unread: AbortSignal,
): AsyncGenerator<string, void> {
  const event = (data: string) => `data: ${data}\n\n`;
  let more: object = { attune };
  try {
    for await (const chunk of chunks) {
      if (unread.aborted) throw unreadFor(PACE.unreadMs);
      yield event(JSON.stringify({ ...frame, ...chunk, ...more }));
      more = {};
    }
    yield event('[DONE]');
  } catch (thrown) {
    const error = asAttuneError(thrown);
    if (error.code !== 'CANCELLED') product.log.warn({ err: error }, 'an API stream failed');
    yield event(JSON.stringify(errorBody(error)));
  }
}

const FINISH: Record<string, string> = {
  stop: 'stop',
  aborted: 'stop',
  length: 'length',
  constraint: 'content_filter',
};

function finishReasonOf({ finishReason }: EndEvent): string {
  const reason = FINISH[finishReason ?? ''];
  if (!reason) throw new AttuneError('INTERNAL', `An answer ended with the unknown reason "${finishReason}".`);
  return reason;
}

/** Counts every prompt once, and every choice with the samples that were given up for it. */
function usageOf({ promptTokens, answers }: Completion): Usage {
  const completionTokens = answers.reduce((total, answer) => total + answer.ids.length + answer.spent, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
