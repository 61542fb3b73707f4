// A completion as an HTTP response: whole, or as server-sent events that follow the reader's pace.
import { AttuneError } from '@/core/errors';
import { type Piece, readAnswers } from '@/server/services/generation/read-answers';
import type { EndEvent } from '@/server/services/generation/running-generation';
import type { Completion } from '../services/completion';
import { asAttuneError, errorBody } from './errors';
import type { Call } from './route';
import type { Common, Usage } from './schemas';

/** What the two endpoints say differently. */
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

export async function respond(call: Call, body: Common, completion: Completion, format: Format): Promise<Response> {
  const gone = new AbortController();
  const signal = AbortSignal.any([call.signal, gone.signal]);
  const pieces = readAnswers(completion.answers, signal);
  const stop = () => {
    for (const answer of completion.answers) if (!answer.end) answer.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  const ids = completion.answers.map(({ id }) => id);
  const head = {
    id: `${format.prefix}-${ids[0]}`,
    created: Math.floor(Date.now() / 1000),
    model: completion.versionId,
  };
  const attune = { generation_ids: ids, conversation_id: completion.conversationId };
  const headers = {
    'x-attune-generation-id': ids.join(','),
    'x-request-id': ids[0]!,
    'cache-control': 'no-store',
    // A proxy that buffers would hold the stream back.
    'x-accel-buffering': 'no',
  };
  try {
    // What fails before the first token has a status of its own.
    const first = await pieces.next();
    if (!body.stream) {
      const choices = await collect(completion, first, pieces, format);
      const whole = { ...head, object: format.object, choices, usage: usageOf(completion), attune };
      return Response.json(whole, { headers });
    }
    const chunks = chunksOf(completion, first, pieces, format, body.stream_options?.include_usage ?? false);
    const frame = { ...head, object: format.chunkObject };
    return new Response(
      eventStream(call, chunks, frame, attune, () => gone.abort()),
      {
        headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8' },
      },
    );
  } catch (error) {
    stop();
    throw error;
  }
}

type First = IteratorResult<Piece, void>;

async function collect(completion: Completion, first: First, rest: AsyncGenerator<Piece, void>, format: Format) {
  const pieces: Piece[][] = completion.answers.map(() => []);
  for await (const piece of resume(first, rest)) pieces[piece.index]!.push(piece);
  return pieces.map((mine, index) => format.whole(index, mine, finishReasonOf(mine.at(-1)!.end!)));
}

async function* chunksOf(
  completion: Completion,
  first: First,
  rest: AsyncGenerator<Piece, void>,
  format: Format,
  hasUsage: boolean,
): AsyncGenerator<object> {
  const usage = hasUsage ? { usage: null } : {};
  yield { choices: completion.answers.map((_, index) => format.chunk(index, null)), ...usage };
  for await (const piece of resume(first, rest)) {
    if (piece.text !== '' || piece.tokens.length > 0) yield { choices: [format.chunk(piece.index, piece)], ...usage };
    if (piece.end) yield { choices: [format.end(piece.index, finishReasonOf(piece.end))], ...usage };
  }
  if (hasUsage) yield { choices: [], usage: usageOf(completion) };
}

async function* resume(first: First, rest: AsyncGenerator<Piece, void>): AsyncGenerator<Piece> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** Nothing is made before the reader has taken what was made before. */
function eventStream(
  { product }: Call,
  chunks: AsyncGenerator<object>,
  frame: object,
  attune: object,
  onGone: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const event = (data: string) => encoder.encode(`data: ${data}\n\n`);
  let isFirst = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await chunks.next();
          if (done) {
            controller.enqueue(event('[DONE]'));
            controller.close();
            return;
          }
          controller.enqueue(event(JSON.stringify({ ...frame, ...value, ...(isFirst ? { attune } : {}) })));
          isFirst = false;
        } catch (thrown) {
          const error = asAttuneError(thrown);
          if (error.code === 'CANCELLED') return controller.error(error);
          product.log.warn({ err: error }, 'an API stream failed');
          controller.enqueue(event(JSON.stringify(errorBody(error))));
          controller.close();
        }
      },
      cancel: onGone,
    },
    { highWaterMark: 0 },
  );
}

const FINISH: Record<string, string> = {
  stop: 'stop',
  aborted: 'stop',
  length: 'length',
  constraint: 'content_filter',
};

function finishReasonOf({ finishReason }: EndEvent): string {
  const reason = FINISH[finishReason ?? ''];
  if (!reason) throw new AttuneError('INTERNAL', `An answer ended by "${finishReason}".`);
  return reason;
}

/** Answers to one prompt share it. */
function usageOf({ promptTokens, answers }: Completion): Usage {
  const completionTokens = answers.reduce((total, answer) => total + answer.ids.length, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
