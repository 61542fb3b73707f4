// The state of one request: its tokens, its cache, and when it ends.
import type { Tokenizer } from '@/core/base';
import { AttuneError } from '@/core/errors';
import { type FinishReason, hasPenalty } from '@/core/sampling';
import type { GenerateRequest, TopTokens } from './protocol';
import type { RunResult, RunRow, SequenceCache } from './runner';
import type { Schedulable } from './scheduler';
import { StopStrings } from './stop-strings';

export interface SequenceContext {
  /** Most prompt tokens of one run. */
  chunkTokens: number;
  tokenizer: Tokenizer;
  maxContext: number;
  stopIds: readonly number[];
}

/** A piece of the answer; `offset` counts the tokens before it. */
export interface Delta {
  offset: number;
  ids: number[];
  logprobs: number[];
  top?: TopTokens[];
}

export class Sequence implements Schedulable {
  readonly priority: 'interactive' | 'batch';
  /** Set once the adapter is there. */
  isReady = false;
  finishReason: FinishReason | null = null;
  private readonly answer: number[] = [];
  private readonly maxAnswer: number;
  private readonly stopStrings: StopStrings;
  private cache: SequenceCache | null = null;

  /**
   * Replays `emittedIds`, so that stop strings, seeds and offsets go on where the former process stopped. In fp32 the rest
   * is what an uninterrupted run would have said; int8 rounds a prefill otherwise than single steps, so it may differ.
   */
  constructor(
    readonly request: GenerateRequest,
    private readonly context: SequenceContext,
  ) {
    const { promptIds, sampling, emittedIds = [] } = request;
    checkLength(promptIds.length, context.maxContext);
    this.priority = request.priority ?? 'interactive';
    this.maxAnswer = Math.min(sampling.maxTokens, context.maxContext - promptIds.length);
    this.stopStrings = new StopStrings(context.tokenizer, sampling.stop);
    for (const id of emittedIds) if (!this.finishReason) this.append(id);
  }

  get hasCache() {
    return this.cache !== null;
  }
  get pendingTokens() {
    return this.totalTokens - (this.cache?.length ?? 0);
  }
  get longestTokens() {
    return this.request.promptIds.length + this.maxAnswer;
  }
  get promptTokens() {
    return this.request.promptIds.length;
  }
  get completionTokens() {
    return this.answer.length;
  }

  /** The row for the next run; never called once finished. */
  toRow(steps: number): RunRow {
    const { promptIds, sampling, versionId, topLogprobs } = this.request;
    const all = [...promptIds, ...this.answer];
    const start = this.cache?.length ?? 0;
    const end = Math.min(all.length, start + this.context.chunkTokens);
    return {
      cache: this.cache,
      tokens: Int32Array.from(all.slice(start, end)),
      isPartial: end < all.length,
      adapterId: versionId === 'base' ? null : versionId,
      sampling,
      position: this.answer.length,
      seen: hasPenalty(sampling) ? Int32Array.from(all) : new Int32Array(0),
      stopIds: this.context.stopIds,
      topLogprobs,
      maxNew: Math.min(steps, this.maxAnswer - this.answer.length),
    };
  }

  /** Takes a run's tokens; those behind a stop string are dropped. Returns null when it has ended or still reads its prompt. */
  accept(result: RunResult): Delta | null {
    this.cache = result.cache;
    if (this.finishReason) {
      this.releaseCache();
      return null;
    }
    if (result.ids.length === 0) return null;
    const offset = this.answer.length;
    for (const id of result.ids) if (!this.finishReason) this.append(id);
    const count = this.answer.length - offset;
    if (this.finishReason) this.releaseCache();
    const { ids, logprobs, top } = result;
    return {
      offset,
      ids: ids.slice(0, count),
      logprobs: logprobs.slice(0, count),
      ...(top && { top: top.slice(0, count) }),
    };
  }

  /** Ends the sequence from outside. `isComputing`: a run holds the cache, and `accept` releases it afterwards. */
  end(reason: FinishReason, isComputing: boolean): void {
    this.finishReason ??= reason;
    if (!isComputing) this.releaseCache();
  }

  private get totalTokens() {
    return this.request.promptIds.length + this.answer.length;
  }

  private append(id: number): void {
    this.answer.push(id);
    if (this.context.stopIds.includes(id) || this.stopStrings.push(id)) this.finishReason = 'stop';
    else if (this.answer.length >= this.maxAnswer) this.finishReason = 'length';
  }

  private releaseCache(): void {
    this.cache?.release();
    this.cache = null;
  }
}

function checkLength(promptTokens: number, maxContext: number): void {
  if (promptTokens < maxContext) return;
  throw new AttuneError(
    'TOO_LONG',
    `The prompt has ${promptTokens} tokens and the context holds ${maxContext}, of which the answer needs at least one. ` +
      'Shorten the conversation.',
  );
}
