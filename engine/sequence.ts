// Tracks one request: its tokens, its cache, and when it ends.
import type { Tokenizer } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import type { FinishReason } from '@/core/sampling';
import type { PrefixCache } from './cache/prefix-cache';
import type { GenerateRequest, TopTokens } from './protocol';
import type { ModelRunner, RunResult, RunRow, SequenceCache } from './runner/runner';
import type { Schedulable } from './scheduler';
import { StopStrings } from './stop-strings';

export interface SequenceContext {
  tokenizer: Tokenizer;
  maxContext: number;
  stopIds: readonly number[];
}

/** A piece of the completion; `offset` counts the tokens before it. */
export interface Delta {
  offset: number;
  ids: number[];
  logprobs: number[];
  top?: TopTokens[];
}

export class Sequence implements Schedulable {
  readonly priority: 'interactive' | 'batch';
  /** Set once the adapter is loaded. */
  isReady = false;
  finishReason: FinishReason | null = null;
  /** Tokens that it need not read because a prefix is kept, while it has no cache. */
  reusable = 0;
  /** Prompt and completion so far. */
  private readonly ids: number[];
  private readonly maxCompletion: number;
  private readonly stopStrings: StopStrings;
  private cache: SequenceCache | null = null;
  private isPromptKept = false;

  /**
   * Replays `emittedIds`, so that stop strings, seeds and offsets continue where the previous process stopped. In fp32
   * the rest equals that of an uninterrupted run; int8 rounds a prefill differently from single steps, so it may
   * differ.
   */
  constructor(
    readonly request: GenerateRequest,
    private readonly context: SequenceContext,
  ) {
    const { promptIds, sampling, emittedIds = [] } = request;
    checkLength(promptIds.length, context.maxContext);
    this.priority = request.priority ?? 'interactive';
    this.maxCompletion = Math.min(sampling.maxTokens, context.maxContext - promptIds.length);
    this.ids = [...promptIds];
    this.stopStrings = new StopStrings(context.tokenizer, sampling.stop);
    for (const id of emittedIds) if (!this.finishReason) this.append(id);
  }

  get hasCache() {
    return this.cache !== null;
  }
  get pendingTokens() {
    return this.ids.length - (this.cache?.length ?? this.reusable);
  }
  get longestTokens() {
    return this.request.promptIds.length + this.maxCompletion;
  }
  get promptTokens() {
    return this.request.promptIds.length;
  }
  get completionTokens() {
    return this.ids.length - this.promptTokens;
  }

  /** Looks up how much of its prompt is kept. */
  lookUp(prefixes: PrefixCache): void {
    if (!this.cache && !this.request.isRepeatable) this.reusable = prefixes.match(this.request.versionId, this.ids);
  }

  /** Begins with a copy of the prefix that `lookUp` found, and room for the `chunkTokens` that the run reads next. */
  adopt(prefixes: PrefixCache, runner: Pick<ModelRunner, 'restore'>, chunkTokens: number): void {
    if (this.cache || this.reusable === 0) return;
    const prefix = prefixes.take(this.request.versionId, this.ids);
    this.cache = runner.restore(prefix, Math.min(this.ids.length, prefix.length + chunkTokens));
  }

  /** Keeps what it has read: its prompt as soon as that is read, all of it when it ends. */
  keepIn(prefixes: PrefixCache): void {
    if (!this.cache || (this.isPromptKept && !this.finishReason)) return;
    if (!this.finishReason && this.cache.length < this.promptTokens) return;
    this.isPromptKept = true;
    // A run may have continued after a stop string; what it made there is not part of the completion.
    prefixes.keep(this.request.versionId, this.ids.slice(0, this.cache.length), this.cache);
  }

  /** The row for the next run, with at most `chunkTokens` of the prompt; never called once finished. */
  toRow(chunkTokens: number): RunRow {
    const { sampling, versionId, topLogprobs } = this.request;
    const all = this.ids;
    const start = this.cache?.length ?? 0;
    const end = Math.min(all.length, start + chunkTokens);
    return {
      cache: this.cache,
      tokens: Int32Array.from(all.slice(start, end)),
      isPartial: end < all.length,
      adapterId: versionId === 'base' ? null : versionId,
      sampling,
      position: this.completionTokens,
      seen: all,
      stopIds: this.context.stopIds,
      topLogprobs,
      maxNew: this.maxCompletion - this.completionTokens,
    };
  }

  /**
   * Takes a run's tokens and drops those after a stop string. Returns null if it has ended or still reads its prompt.
   */
  accept(result: RunResult): Delta | null {
    this.cache = result.cache;
    if (this.finishReason || result.ids.length === 0) return null;
    const offset = this.completionTokens;
    for (const id of result.ids) if (!this.finishReason) this.append(id);
    const count = this.completionTokens - offset;
    const { ids, logprobs, top } = result;
    return {
      offset,
      ids: ids.slice(0, count),
      logprobs: logprobs.slice(0, count),
      ...(top && { top: top.slice(0, count) }),
    };
  }

  /** Ends the sequence from outside. Its cache may be in a run, so the caller that knows releases it. */
  end(reason: FinishReason): void {
    this.finishReason ??= reason;
  }

  releaseCache(): void {
    this.cache?.release();
    this.cache = null;
  }

  private append(id: number): void {
    this.ids.push(id);
    if (this.context.stopIds.includes(id) || this.stopStrings.push(id)) this.finishReason = 'stop';
    else if (this.completionTokens >= this.maxCompletion) this.finishReason = 'length';
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
