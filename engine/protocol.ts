// What the engine process and its clients say to each other: newline-separated JSON over a local socket.
import type { ErrorCode } from '@/core/errors';
import type { FinishReason, Sampling } from '@/core/sampling';

export interface GenerateRequest {
  type: 'generate';
  requestId: string;
  /** `base`, or the id of a directory under the artifact folder. Loaded on first use. */
  versionId: string;
  promptIds: number[];
  sampling: Sampling;
  /** Tokens of this answer that a former engine process already emitted; generation goes on behind them. */
  emittedIds?: number[];
  /** Fairness key of the scheduler: interactive requests go before batch ones. */
  priority?: 'interactive' | 'batch';
}

export interface ScoreRequest {
  type: 'score';
  requestId: string;
  versionId: string;
  promptIds: number[];
  completionIds: number[];
}

export type ClientMessage =
  | GenerateRequest
  | ScoreRequest
  | { type: 'abort'; requestId: string }
  | { type: 'load'; requestId: string; versionId: string }
  | { type: 'unload'; requestId: string; versionId: string }
  | { type: 'status'; requestId: string };

export interface EngineStatus {
  baseId: string;
  baseSha256: string;
  precision: 'int8' | 'fp32';
  maxContext: number;
  versions: string[];
  running: number;
  waiting: number;
  tokensPerSecond: number;
  residentBytes: number;
  /** Process start, so that a client can tell a restart. */
  startedAt: string;
  pid: number;
}

export type EngineMessage =
  /** `offset` counts the answer's tokens before this event, emitted ones of a former process included. */
  | { type: 'tokens'; requestId: string; offset: number; ids: number[]; logprobs: number[] }
  | { type: 'finished'; requestId: string; reason: FinishReason; promptTokens: number; completionTokens: number }
  | { type: 'scored'; requestId: string; logprobs: number[] }
  | { type: 'ok'; requestId: string }
  | { type: 'status'; requestId: string; status: EngineStatus }
  | { type: 'failed'; requestId: string; code: ErrorCode; message: string };
