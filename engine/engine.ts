// Turns requests into tokens: each tick schedules the requests, runs the model and sends out the results.

import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { AttuneError, toAttuneError } from '@/core/errors';
import type { AdapterStore } from './adapters';
import type { PrefixCache } from './cache/prefix-cache';
import type { EngineMessage, EngineStatus, GenerateRequest, ScoreRequest } from './protocol';
import type { ModelRunner, RunResult } from './runner/runner';
import { Throughput } from './runner/throughput';
import { isFull, type Plan, type SchedulerLimits, schedule } from './scheduler';
import { Sequence } from './sequence';

export interface EngineOptions {
  base: Pick<Base, 'id' | 'sha256' | 'tokenizer'>;
  runner: ModelRunner;
  adapters: AdapterStore;
  prefixes: PrefixCache;
  limits: SchedulerLimits;
  /** Longest prompt plus completion in tokens, at most the model's context. */
  maxContext: number;
  /** A monotonic clock, in milliseconds. */
  now: () => number;
}

/** The longest pause after a tick for a version that is being read. */
const LOADING_MS = 60;
/** How long the engine expects the first request for a version after it has been loaded in advance. */
const AWAITED_MS = 200;

type Emit = (message: EngineMessage) => void;

interface ScoreJob {
  request: ScoreRequest;
  totalTokens: number;
  isReady: boolean;
}

/** The outcome of a tick's rows or scores: a result for each, or the error that left them without one. */
type Results<T> = T[] | AttuneError;

export class Engine {
  /** Live requests in order of arrival, each with the function that sends its messages. */
  private readonly sequences = new Map<Sequence, Emit>();
  private readonly scores = new Map<ScoreJob, Emit>();
  /** The requests in the current run; each keeps its cache and adapter until `handOut`, even if it is aborted. */
  private computing = new Set<Sequence | ScoreJob>();
  private wake = () => {};
  private holds = 0;
  private awaitedUntil = Number.NEGATIVE_INFINITY;
  private readonly throughput: Throughput;
  private readonly startedAt = new Date().toISOString();

  constructor(private readonly options: EngineOptions) {
    this.throughput = new Throughput(options.now);
  }

  /**
   * Queues a request; returns a function that aborts it. Throws BAD_INPUT, TOO_LONG or OVERLOADED and queues nothing.
   */
  generate(request: GenerateRequest, emit: Emit): () => void {
    const { runner, base, maxContext } = this.options;
    this.checkIds(request.promptIds);
    this.checkIds(request.emittedIds ?? []);
    this.checkIds(Object.keys(request.sampling.logitBias).map(Number));
    const context = { tokenizer: base.tokenizer, maxContext, stopIds: runner.config.eosTokenIds };
    const sequence = new Sequence(request, context);
    if (sequence.finishReason) {
      emit(finished(sequence)); // the previous process had emitted everything except this message
      return () => {};
    }
    this.enqueue(this.sequences, sequence, emit);
    return () => {
      const live = this.sequences.get(sequence);
      if (!live || sequence.finishReason) return;
      sequence.end('aborted');
      live(finished(sequence));
      if (!this.computing.has(sequence)) this.removeSequence(sequence);
    };
  }

  /** Queues a scoring request; returns a function that aborts it. Throws like `generate`. */
  score(request: ScoreRequest, emit: Emit): () => void {
    this.checkIds(request.promptIds);
    this.checkIds(request.completionIds);
    const totalTokens = request.promptIds.length + request.completionIds.length;
    if (totalTokens > this.options.maxContext) {
      throw new AttuneError(
        'TOO_LONG',
        `Prompt and completion have ${totalTokens} tokens and the context holds ${this.options.maxContext}. ` +
          'Score a shorter text.',
      );
    }
    const job: ScoreJob = { request, totalTokens, isReady: false };
    this.enqueue(this.scores, job, emit);
    return () => {
      if (this.computing.has(job)) this.scores.set(job, () => {});
      else this.remove(this.scores, job);
    };
  }

  /** Loads a version before its first request. */
  async load(versionId: string): Promise<void> {
    await this.options.adapters.acquire(versionId);
    this.options.adapters.release(versionId);
    this.awaitedUntil = this.options.now() + AWAITED_MS;
  }

  /** Frees a version once the answers that it is generating have ended. */
  unload(versionId: string): void {
    this.options.adapters.unload(versionId);
  }

  /**
   * Computes nothing until the returned function is called. How a row rounds depends on the rows that share its batch,
   * so a caller that needs the same bits again must let all its requests begin together.
   */
  hold(): () => void {
    this.holds++;
    return () => {
      this.holds--;
      this.wake();
    };
  }

  status(): EngineStatus {
    const { base, runner, adapters, prefixes, maxContext, limits } = this.options;
    const running = [...this.sequences.keys()].filter((sequence) => sequence.hasCache).length;
    return {
      baseId: base.id,
      baseSha256: base.sha256,
      precision: runner.precision,
      maxContext,
      versions: adapters.loaded,
      running,
      waiting: this.sequences.size + this.scores.size - running,
      capacity: limits.maxRows + limits.maxWaiting,
      prefixes: prefixes.status,
      tokensPerSecond: this.throughput.tokensPerSecond(),
      residentBytes: process.memoryUsage.rss(),
      startedAt: this.startedAt,
      pid: process.pid,
    };
  }

  /** Ticks until the signal aborts; sleeps while nothing is queued. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.wake());
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      if (!(await this.tick())) await woken;
      await this.letOthersTurn();
    }
  }

  /**
   * A run blocks the event loop, so the sockets get their turn between two ticks. Reading a version takes hundreds of
   * turns; at one per tick that would take seconds while answers run, so the answers pause for a moment instead.
   */
  private async letOthersTurn(): Promise<void> {
    const { adapters, now } = this.options;
    const until = now() + LOADING_MS;
    do await new Promise((resolve) => setImmediate(resolve));
    while (adapters.isLoading && now() < until);
  }

  /** One iteration; false when there was nothing to do. */
  async tick(): Promise<boolean> {
    if (this.holds > 0) return false;
    for (const sequence of this.sequences.keys()) if (sequence.isReady) sequence.lookUp(this.options.prefixes);
    const plan = schedule([...this.sequences.keys()], [...this.scores.keys()], this.limits());
    if (plan.rows.length + plan.scores.length === 0) return false;
    this.computing = new Set([...plan.rows, ...plan.scores]);
    const generated = await this.runRows(plan);
    const scored = await this.runScores(plan);
    this.computing = new Set();
    this.handOut(plan, generated, scored);
    return true;
  }

  /**
   * Single steps while a version is being read and its first request is on its way, so that they wait only for short
   * ticks. This applies only while a person's answer is live: batches without one must change at fixed token counts,
   * not at times that a clock decides, so that they round the same way again.
   */
  private limits(): SchedulerLimits {
    const { adapters, limits, now } = this.options;
    if (!adapters.isLoading && now() >= this.awaitedUntil) return limits;
    if (![...this.sequences.keys()].some(({ priority }) => priority === 'interactive')) return limits;
    return { ...limits, steps: { batch: 1, interactive: 1, queued: 1, joining: 1 } };
  }

  private async runRows({ rows, steps, chunkTokens }: Plan<Sequence, ScoreJob>): Promise<Results<RunResult>> {
    if (rows.length === 0) return [];
    const { runner, prefixes, now } = this.options;
    const started = now();
    try {
      for (const sequence of rows) sequence.adopt(prefixes, runner, chunkTokens);
      const batch = rows.map((sequence) => sequence.toRow(chunkTokens));
      const results = await runner.run(batch, steps);
      const tokens = results.reduce((total, result) => total + result.ids.length, 0);
      this.throughput.record(tokens, now() - started);
      return results;
    } catch (error) {
      return toAttuneError(error);
    }
  }

  private async runScores({ scores }: Plan<Sequence, ScoreJob>): Promise<Results<Float32Array>> {
    if (scores.length === 0) return [];
    try {
      return await this.options.runner.score(
        scores.map(({ request: { promptIds, completionIds, versionId } }) => ({
          promptIds: Int32Array.from(promptIds),
          completionIds: Int32Array.from(completionIds),
          adapterId: versionId === BASE_VERSION_ID ? null : versionId,
        })),
      );
    } catch (error) {
      return toAttuneError(error);
    }
  }

  private handOut(
    { rows, scores }: Plan<Sequence, ScoreJob>,
    generated: Results<RunResult>,
    scored: Results<Float32Array>,
  ): void {
    // An emit may drop its client, and that may end any sequence, including those further down this list.
    for (const [row, sequence] of rows.entries()) {
      const emit = this.sequences.get(sequence);
      const { requestId } = sequence.request;
      if (generated instanceof AttuneError) {
        if (!sequence.finishReason) emit?.(failed(requestId, generated));
        sequence.end('error');
        sequence.releaseCache(); // the failed run may have left anything in it
      } else {
        const delta = sequence.accept(generated[row]!);
        if (delta) emit?.({ type: 'tokens', requestId, ...delta });
        if (delta && sequence.finishReason) emit?.(finished(sequence));
      }
      if (sequence.finishReason) this.removeSequence(sequence);
      else sequence.keepIn(this.options.prefixes);
    }
    for (const [row, job] of scores.entries()) {
      const emit = this.scores.get(job);
      const { requestId } = job.request;
      if (scored instanceof AttuneError) emit?.(failed(requestId, scored));
      else emit?.({ type: 'scored', requestId, logprobs: Array.from(scored[row]!) });
      this.remove(this.scores, job);
    }
  }

  /** Makes a request live; it becomes ready for the scheduler once its adapter is loaded. */
  private enqueue<R extends Sequence | ScoreJob>(queue: Map<R, Emit>, job: R, emit: Emit): void {
    const { adapters, limits } = this.options;
    const live = this.sequences.size + this.scores.size;
    if (isFull(live, limits)) {
      throw new AttuneError(
        'OVERLOADED',
        `The engine has ${live} requests; at most ${limits.maxRows} may run and ${limits.maxWaiting} wait. Try again in a moment.`,
      );
    }
    queue.set(job, emit);
    adapters.acquire(job.request.versionId).then(
      () => {
        job.isReady = true;
        if (!queue.has(job)) adapters.release(job.request.versionId);
        this.wake();
      },
      (error) => {
        if (queue.delete(job)) emit(failed(job.request.requestId, toAttuneError(error)));
      },
    );
  }

  private removeSequence(sequence: Sequence): void {
    sequence.keepIn(this.options.prefixes);
    sequence.releaseCache();
    this.remove(this.sequences, sequence);
  }

  /** A request that is not ready has no adapter yet; `enqueue` releases the adapter when it arrives. */
  private remove<R extends Sequence | ScoreJob>(queue: Map<R, Emit>, job: R): void {
    if (queue.delete(job) && job.isReady) this.options.adapters.release(job.request.versionId);
  }

  private checkIds(ids: readonly number[]): void {
    const { vocabSize } = this.options.runner.config;
    const bad = ids.find((id) => id >= vocabSize);
    if (bad === undefined) return;
    throw new AttuneError('BAD_INPUT', `Token ${bad} is outside the base's vocabulary of ${vocabSize}.`);
  }
}

const finished = (sequence: Sequence): EngineMessage => ({
  type: 'finished',
  requestId: sequence.request.requestId,
  reason: sequence.finishReason!,
  promptTokens: sequence.promptTokens,
  completionTokens: sequence.completionTokens,
});

const failed = (requestId: string, { code, message }: AttuneError): EngineMessage => ({
  type: 'failed',
  requestId,
  code,
  message,
});
