// What the engine process and its clients say to each other: newline-separated JSON over a local socket.
import { z } from 'zod';
import { AttuneError, type ErrorCode } from '@/core/errors';
import { type FinishReason, Sampling } from '@/core/sampling';

const Id = z.string().min(1).max(200);
const TokenIds = z.array(z.int().min(0));

export const GenerateRequest = z.object({
  type: z.literal('generate'),
  requestId: Id,
  /** `base`, or the id of a directory under the artifact folder. Loaded on first use. */
  versionId: Id,
  promptIds: TokenIds.min(1),
  sampling: Sampling,
  /** How many of the most likely tokens to report at each position, with their log-probabilities. */
  topLogprobs: z.int().min(0).max(20).optional(),
  /**
   * Reads the whole prompt, even if a prefix of it is kept: int8 rounds differently after a kept prefix, so that the
   * same seed may give another completion from one time to the next.
   */
  isRepeatable: z.boolean().optional(),
  /** Tokens of this completion that a previous engine process already emitted; generation continues after them. */
  emittedIds: TokenIds.optional(),
  /** The scheduler puts interactive requests (the default) before batch ones. */
  priority: z.enum(['interactive', 'batch']).optional(),
});
export type GenerateRequest = z.infer<typeof GenerateRequest>;
/** A request as a client may write it: sampling settings left out take their defaults in the engine. */
export type GenerateInput = z.input<typeof GenerateRequest>;

export const ScoreRequest = z.object({
  type: z.literal('score'),
  requestId: Id,
  versionId: Id,
  promptIds: TokenIds.min(1),
  completionIds: TokenIds.min(1),
});
export type ScoreRequest = z.infer<typeof ScoreRequest>;

export const ClassifyRequest = z.object({
  type: z.literal('classify'),
  requestId: Id,
  /** A classifier's folder, as core/classifier/exported.ts reads it. */
  directory: z.string().min(1).max(4096),
  texts: z.array(z.string().max(10_000)).min(1).max(64),
});
export type ClassifyRequest = z.infer<typeof ClassifyRequest>;

export const ClientMessage = z.discriminatedUnion('type', [
  GenerateRequest,
  ScoreRequest,
  ClassifyRequest,
  z.object({ type: z.literal('abort'), requestId: Id }),
  z.object({ type: z.literal('load'), requestId: Id, versionId: Id }),
  z.object({ type: z.literal('unload'), requestId: Id, versionId: Id }),
  z.object({ type: z.literal('status'), requestId: Id }),
  /**
   * Nothing is computed until `release` or the end of this connection, so requests sent in between begin in one tick.
   */
  z.object({ type: z.literal('hold'), requestId: Id }),
  z.object({ type: z.literal('release'), requestId: Id }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;
export type ClientInput = z.input<typeof ClientMessage>;

export interface PrefixStatus {
  /** Requests that began with a kept prefix. */
  hits: number;
  /** Prompt tokens that they therefore did not read. */
  savedTokens: number;
  keptTokens: number;
  keptBytes: number;
}

export interface EngineStatus {
  baseId: string;
  baseSha256: string;
  precision: 'int8' | 'fp32';
  maxContext: number;
  versions: string[];
  running: number;
  waiting: number;
  /** Most requests, running and waiting together. */
  capacity: number;
  /** What requests saved because they began alike. */
  prefixes: PrefixStatus;
  tokensPerSecond: number;
  residentBytes: number;
  /** Process start, so that a client can tell a restart. */
  startedAt: string;
  pid: number;
}

/** The most likely tokens at one position, in falling order, under the full distribution at temperature 1. */
export interface TopTokens {
  ids: number[];
  logprobs: number[];
}

export type EngineMessage =
  /**
   * `offset` counts the completion's tokens before this event, including those that a previous process emitted. `top`
   * has an entry for each token if the request asked for it.
   */
  | { type: 'tokens'; requestId: string; offset: number; ids: number[]; logprobs: number[]; top?: TopTokens[] }
  /**
   * `stop`: a stop id (emitted as the last token) or a stop string (its tokens are emitted; the server trims the text).
   */
  | { type: 'finished'; requestId: string; reason: FinishReason; promptTokens: number; completionTokens: number }
  | { type: 'scored'; requestId: string; logprobs: number[] }
  /** Probability of each label, for each text. */
  | { type: 'classified'; requestId: string; verdicts: Record<string, number>[] }
  | { type: 'ok'; requestId: string }
  | { type: 'status'; requestId: string; status: EngineStatus }
  /** With an empty requestId it concerns the connection, which the engine then closes. */
  | { type: 'failed'; requestId: string; code: ErrorCode; message: string };

/** Longest line in UTF-16 units; a prompt and completion of 8192 ids take about 60 000. */
export const MAX_LINE = 4 * 1024 * 1024;

export const encodeLine = (message: ClientInput | EngineMessage) => `${JSON.stringify(message)}\n`;

/** Splits a stream of text chunks into lines; what follows the last newline waits for the next chunk. */
export class LineDecoder {
  private rest: string[] = [];
  private restLength = 0;

  constructor(private readonly maxLine = MAX_LINE) {}

  push(chunk: string): string[] {
    const pieces = chunk.split('\n');
    const last = pieces.pop()!;
    const lines: string[] = [];
    for (const piece of pieces) {
      this.append(piece);
      const line = this.rest.join('');
      this.rest = [];
      this.restLength = 0;
      if (line.trim() !== '') lines.push(line);
    }
    this.append(last);
    return lines;
  }

  private append(piece: string) {
    this.restLength += piece.length;
    if (this.restLength > this.maxLine) {
      throw new AttuneError('BAD_INPUT', `A line passed ${this.maxLine} characters. Send one JSON message per line.`);
    }
    if (piece !== '') this.rest.push(piece);
  }
}

/** Throws BAD_INPUT, naming the field at fault. */
export function parseClientMessage(line: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new AttuneError('BAD_INPUT', `Not JSON: ${line.slice(0, 80)}. Send one JSON message per line.`);
  }
  const parsed = ClientMessage.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new AttuneError('BAD_INPUT', `Message field "${issue.path.join('.') || 'type'}": ${issue.message}.`);
}
