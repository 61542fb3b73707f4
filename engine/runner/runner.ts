// Declares the interface between scheduling and tensors: what the engine needs from whatever computes tokens.
import type { Adapter } from '@/core/artifact/adapter';
import type { ModelConfig } from '@/core/base/model-config';
import type { Sampling } from '@/core/sampling';
import type { TopTokens } from '@/engine/protocol';

/** A kept prefix as the runner reads it: consecutive blocks, of which only the first `length` tokens count. */
export interface Prefix {
  length: number;
  blocks: Float32Array[];
}

/** Opaque KV cache of one sequence; valid only with the adapter that made it. */
export interface SequenceCache {
  /** Tokens whose keys and values are in the cache. */
  readonly length: number;
  /** Copies the keys and values of `count` tokens, beginning at `start`, into `into`. */
  copy(start: number, count: number, into: Float32Array): Float32Array;
  release(): void;
}

export interface RunRow {
  /** null before the first run: then `tokens` is the whole prompt. */
  cache: SequenceCache | null;
  /** Tokens not in the cache yet, at least one; the last one's logits choose the next token. */
  tokens: Int32Array;
  /** null is the base without an adapter. */
  adapterId: string | null;
  sampling: Sampling;
  /** Index of the next completion token: draw i uses uniformAt(sampling.seed, i). */
  position: number;
  /** Prompt and completion so far, for penalties and drafts; the last `position` ids are the completion. */
  seen: ArrayLike<number>;
  /** Any of these ends the completion; it is also emitted. */
  stopIds: readonly number[];
  /** How many of the most likely tokens to report at each position. */
  topLogprobs?: number;
  /**
   * More of the prompt follows in a later run: these tokens are only added to the cache, and no new token comes out.
   */
  isPartial?: boolean;
  /** Most new tokens in this run, including those of a verified draft. */
  maxNew: number;
}

export interface RunResult {
  /** 1..maxNew new tokens, none for a partial row; the last may be a stop id. */
  ids: number[];
  /** log p of each new token under the full distribution at temperature 1, before any truncation or penalty. */
  logprobs: number[];
  /** One entry per token if the row asked for it. */
  top?: TopTokens[];
  cache: SequenceCache;
  stopped: boolean;
}

export interface ModelRunner {
  readonly config: ModelConfig;
  readonly precision: 'int8' | 'fp32';
  loadAdapter(id: string, adapter: Adapter): void;
  unloadAdapter(id: string): void;
  hasAdapter(id: string): boolean;
  /** A cache that begins with a copy of these keys and values; it will grow to `tokens` in its next run. */
  restore(prefix: Prefix, tokens: number): SequenceCache;
  /**
   * One batch: prefill for rows without a cache, then up to `steps` tokens for each row, or those of a verified draft
   * for a row that runs alone. Rows may mix adapters.
   */
  run(rows: RunRow[], steps: number): Promise<RunResult[]>;
  /** Teacher-forced log p of each completion token given all tokens before it, temperature 1. */
  score(
    rows: { promptIds: Int32Array; completionIds: Int32Array; adapterId: string | null }[],
  ): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}
