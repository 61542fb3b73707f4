// The ModelRunner on onnxruntime: one session of the base, adapters as inputs, prompts and decoding in one graph.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Adapter } from '@/core/adapter';
import type { Base } from '@/core/base';
import { AttuneError } from '@/core/errors';
import type { ModelConfig } from '@/core/model-config';
import { hasPenalty, Sampling } from '@/core/sampling';
import type { Precision } from './graph/blocks';
import { newName } from './graph/decode-loop';
import { concatLora, loraMasks, type PackedLora, packAdapter } from './graph/lora';
import { prepareModelFile } from './graph/model-file';
import { joinCaches, KvCache, KvStorage } from './kv-cache';
import type { TopTokens } from './protocol';
import type { ModelRunner, RunResult, RunRow } from './runner';
import { type SampledRow, samplingFeeds } from './sampler';

export interface ModelRunnerOptions {
  base: Base;
  precision: Precision;
  /** Holds the built ONNX files between starts. */
  cacheDirectory: string;
  threads: number;
  /** Idle threads spin: faster alone, far slower beside another busy process. */
  spinning?: boolean;
  /** Adapters of a higher rank are refused. */
  maxRank: number;
}

/** A runner that also shows raw logits, for tests and measurements. */
export interface InspectableModelRunner extends ModelRunner {
  /** Logits [positions, V] behind each of the positions of one sequence, at most 512 tokens. */
  logits(tokens: Int32Array, positions: number[], adapterId: string | null): Promise<Float32Array>;
}

/** Most tokens of one prefill run, padding included, and of one chunk of a long prompt: bounds activations. */
const PREFILL_TOKENS = 1024;
const CHUNK_TOKENS = 512;
/** Most positions whose logits exist at a time while scoring. */
const READOUT_ROWS = 128;
/** Combinations of adapters kept side by side. */
const COMBINATIONS = 4;
/** Up to one row in so many may stand empty for the next sequence, which costs less than rebuilding the batch. */
const IDLE_PART = 4;
const SCORING = Sampling.parse({ temperature: 0, seed: 0 });

export async function createModelRunner(options: ModelRunnerOptions): Promise<InspectableModelRunner> {
  const { base, precision, threads, spinning = true, maxRank } = options;
  const path = await prepareModelFile(base, precision, options.cacheDirectory);
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Shapes change with every run: a plan per shape would only pile up.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
  });
  return new OnnxModelRunner(session, base.weights.config, precision, maxRank);
}

/** What one row feeds into one forward run. */
interface Turn extends SampledRow {
  cache: KvCache;
  tokens: Int32Array;
  adapterId: string | null;
  stopIds: readonly number[];
  maxNew: number;
}

/** Keeps an empty row company for one step; what it computes is not used. */
const idleTurn = (): Turn => ({
  cache: new KvCache(),
  tokens: Int32Array.of(0),
  adapterId: null,
  sampling: SCORING,
  position: 0,
  seen: [],
  stopIds: [],
  maxNew: 1,
});

interface Emitted {
  ids: number[];
  logprobs: number[];
  top?: TopTokens[];
  stopped: boolean;
}

const nothingYet = ({ topLogprobs }: Turn): Emitted => ({
  ids: [],
  logprobs: [],
  ...(topLogprobs && { top: [] }),
  stopped: false,
});

class OnnxModelRunner implements InspectableModelRunner {
  private readonly adapters = new Map<string, PackedLora>();
  private readonly combinations = new Map<string, PackedLora>();
  private readonly bare: PackedLora;
  private readonly newNames: string[];

  constructor(
    private readonly session: InferenceSession,
    readonly config: ModelConfig,
    readonly precision: Precision,
    private readonly maxRank: number,
  ) {
    this.bare = packAdapter(null, config);
    this.newNames = Array.from({ length: config.layers }, (_, i) => [newName(i, 'key'), newName(i, 'value')]).flat();
  }

  loadAdapter(id: string, adapter: Adapter): void {
    if (adapter.rank > this.maxRank) {
      throw new AttuneError('BAD_INPUT', `Adapter ${id} has rank ${adapter.rank}; the engine takes ${this.maxRank}.`);
    }
    this.unloadAdapter(id);
    this.adapters.set(id, packAdapter(adapter, this.config));
  }

  unloadAdapter(id: string): void {
    this.adapters.delete(id);
    for (const key of this.combinations.keys()) {
      if ((JSON.parse(key) as string[]).includes(id)) this.combinations.delete(key);
    }
  }

  hasAdapter(id: string): boolean {
    return this.adapters.has(id);
  }

  async run(rows: RunRow[], steps: number): Promise<RunResult[]> {
    const jobs = rows.map((row) => this.checkRow(row, steps));
    const emitted = jobs.map(nothingYet);
    const room = (index: number) => Math.min(rows[index]!.maxNew, steps) - emitted[index]!.ids.length;
    const forward = async (indexes: number[], limit: number) => {
      const turns = indexes.map((index) => ({ ...jobs[index]!, maxNew: Math.min(room(index), limit) }));
      for (const [i, result] of (await this.generate(turns)).entries()) {
        const index = indexes[i]!;
        const all = emitted[index]!;
        all.ids.push(...result.ids);
        all.logprobs.push(...result.logprobs);
        all.top?.push(...result.top!);
        all.stopped = result.stopped;
        const job = jobs[index]!;
        job.tokens = Int32Array.of(all.ids.at(-1)!);
        job.position += result.ids.length;
        if (hasPenalty(job.sampling)) job.seen = [...Array.from(job.seen), ...result.ids];
      }
    };

    for (const [i, job] of jobs.entries()) {
      if (rows[i]!.isPartial) await this.readOut(job, [{ position: job.tokens.length - 1, forced: 0 }], []);
    }
    const whole = (index: number) => !rows[index]!.isPartial;
    const prefills = jobs.flatMap((job, i) =>
      whole(i) && (job.cache.length === 0 || job.tokens.length > 1) ? [i] : [],
    );
    for (const index of prefills) await this.fillAllButLastChunk(jobs[index]!);
    for (const group of groupPrefills(prefills, jobs)) await forward(group, 1);
    const running = jobs.flatMap((_, i) => (whole(i) && !emitted[i]!.stopped && room(i) > 0 ? [i] : []));
    if (running.length > 0) await forward(running, steps);
    return emitted.map((result, i) => ({ ...result, cache: jobs[i]!.cache }));
  }

  async score(
    rows: { promptIds: Int32Array; completionIds: Int32Array; adapterId: string | null }[],
  ): Promise<Float32Array[]> {
    const results: Float32Array[] = [];
    for (const { promptIds, completionIds, adapterId } of rows) {
      this.checkIds(promptIds);
      this.checkAdapterId(adapterId);
      const tokens = Int32Array.of(...promptIds, ...completionIds);
      this.checkLength(tokens.length);
      const logprobs = new Float32Array(completionIds.length);
      const cache = new KvCache();
      const end = completionIds.length === 0 ? 0 : tokens.length - 1; // the last token predicts nothing
      while (cache.length < end) {
        const start = cache.length;
        const firstReadout = Math.max(start, promptIds.length - 1);
        const stop = Math.min(end, start + CHUNK_TOKENS, firstReadout + READOUT_ROWS);
        const wanted = range(Math.min(firstReadout, stop), stop);
        const positions = wanted.length > 0 ? wanted : [stop - 1];
        const chunk = { cache, tokens: tokens.subarray(start, stop), adapterId };
        const readouts = positions.map((position) => ({ position: position - start, forced: tokens[position + 1]! }));
        const output = await this.readOut(chunk, readouts, ['logprobs']);
        if (wanted.length > 0) logprobs.set(output.logprobs!.data as Float32Array, firstReadout - promptIds.length + 1);
      }
      cache.release();
      results.push(logprobs);
    }
    return results;
  }

  async logits(tokens: Int32Array, positions: number[], adapterId: string | null): Promise<Float32Array> {
    const cache = new KvCache();
    const readouts = positions.map((position) => ({ position, forced: 0 }));
    const output = await this.readOut({ cache, tokens, adapterId }, readouts, ['finalLogits']);
    cache.release();
    return output.finalLogits!.data as Float32Array;
  }

  async dispose(): Promise<void> {
    this.adapters.clear();
    this.combinations.clear();
    await this.session.release();
  }

  /** Several read-out positions of one sequence; its cache takes the tokens in. */
  private async readOut(
    row: { cache: KvCache; tokens: Int32Array; adapterId: string | null },
    readouts: { position: number; forced: number }[],
    fetches: string[],
  ): Promise<Record<string, Tensor>> {
    const rows = readouts.map(() => ({ sampling: SCORING, position: 0, seen: [] }));
    const feeds = samplingFeeds(rows, 1, this.config.vocabSize);
    feeds.forced = column(readouts.map(({ forced }) => forced));
    feeds.readouts = int64(
      readouts.map(({ position }) => position),
      [readouts.length],
    );
    const storage = joinCaches(this.config, [row.cache], row.cache.length + row.tokens.length, 0);
    const output = await this.execute([{ ...row, stopIds: [], maxNew: 1 }], storage, 1, feeds, fetches);
    storage.append(row.cache, output, row.tokens.length);
    return output;
  }

  /** The chunks of a long prompt before its last, one sequence at a time; what they would sample is not used. */
  private async fillAllButLastChunk(job: Turn): Promise<void> {
    while (job.tokens.length > CHUNK_TOKENS) {
      const tokens = job.tokens.subarray(0, CHUNK_TOKENS);
      await this.readOut({ ...job, tokens }, [{ position: CHUNK_TOKENS - 1, forced: 0 }], []);
      job.tokens = job.tokens.subarray(CHUNK_TOKENS);
    }
  }

  /** One run of the loop over a batch: every row's tokens in, up to maxNew tokens out. */
  private async generate(turns: Turn[]): Promise<Emitted[]> {
    const steps = Math.max(...turns.map(({ maxNew }) => maxNew));
    const longest = Math.max(...turns.map(({ tokens }) => tokens.length));
    const slots = Math.max(...turns.map(({ cache, tokens, maxNew }) => cache.length + tokens.length + maxNew - 1));
    const caches = turns.map(({ cache }) => cache);
    const storage = joinCaches(this.config, caches, slots, Math.floor(turns.length / IDLE_PART));
    const turnOf = new Map(turns.map((turn) => [turn.cache, turn]));
    const seated = storage.seats.map((cache) => (cache && turnOf.get(cache)) ?? idleTurn());
    const feeds = samplingFeeds(seated, steps, this.config.vocabSize);
    feeds.readouts = int64(
      seated.map(({ tokens }, row) => row * longest + tokens.length - 1),
      [seated.length],
    );
    const isReporting = turns.some(({ topLogprobs }) => topLogprobs);
    const fetches = ['tokens', 'logprobs', ...(isReporting ? ['topIds', 'topLogprobs'] : [])];
    const output = await this.execute(seated, storage, steps, feeds, fetches);
    const tokens = output.tokens!.data as BigInt64Array; // [turns, B, 1]
    const logprobs = output.logprobs!.data as Float32Array;
    const ran = output.tokens!.dims[0]!;
    return turns.map((turn) => {
      const emitted = nothingYet(turn);
      for (let step = 0; step < Math.min(ran, turn.maxNew) && !emitted.stopped; step++) {
        const at = step * seated.length + turn.cache.row;
        emitted.ids.push(Number(tokens[at]));
        emitted.logprobs.push(logprobs[at]!);
        emitted.top?.push(topTokens(output, at, turn.topLogprobs!));
        emitted.stopped = turn.stopIds.includes(Number(tokens[at]));
      }
      storage.append(turn.cache, output, turn.tokens.length + emitted.ids.length - 1);
      return emitted;
    });
  }

  private async execute(
    turns: Pick<Turn, 'cache' | 'tokens' | 'adapterId' | 'stopIds' | 'maxNew'>[],
    storage: KvStorage,
    steps: number,
    sampling: Record<string, Tensor>,
    fetches: string[],
  ): Promise<Record<string, Tensor>> {
    const count = turns.length;
    const longest = Math.max(...turns.map(({ tokens }) => tokens.length));
    const ids = new BigInt64Array(count * longest); // [B, S], right-padded with 0
    for (const [row, { tokens }] of turns.entries()) {
      for (const [i, id] of tokens.entries()) ids[row * longest + i] = BigInt(id);
    }
    const isFresh = turns.every(({ cache }) => cache.length === 0);
    const stops = Math.max(1, ...turns.map(({ stopIds }) => stopIds.length));
    const stopIds = turns.flatMap((turn) => range(0, stops).map((i) => turn.stopIds[i] ?? -1));
    const feeds: Record<string, Tensor> = {
      ...sampling,
      ...this.loraFeeds(turns.map(({ adapterId }) => adapterId)),
      ...(isFresh ? new KvStorage(this.config, count, 0) : storage).feeds,
      ids: new Tensor('int64', ids, [count, longest]),
      newTokens: int32(turns.map(({ tokens }) => tokens.length)),
      lengths: int32(turns.map(({ cache }) => cache.length)),
      remaining: int32(turns.map(({ maxNew }) => maxNew)),
      stopIds: int64(stopIds, [count, stops]),
      steps: int64([steps], []),
    };
    return (await this.session.run(feeds, [...fetches, ...this.newNames])) as Record<string, Tensor>;
  }

  /** The adapters of a batch side by side, in a fixed order, and who owns which columns. */
  private loraFeeds(adapterIds: (string | null)[]): Record<string, Tensor> {
    const ids = [...new Set(adapterIds.filter((id) => id !== null))].sort();
    const packs = ids.map((id) => this.adapters.get(id)!);
    const masks = loraMasks(
      packs,
      adapterIds.map((id) => (id === null ? -1 : ids.indexOf(id))),
    );
    if (packs.length < 2) return { ...(packs[0] ?? this.bare).feeds, ...masks };
    const key = JSON.stringify(ids);
    const combined = this.combinations.get(key) ?? concatLora(packs);
    this.combinations.delete(key);
    this.combinations.set(key, combined); // the last is the most recently used
    if (this.combinations.size > COMBINATIONS) this.combinations.delete(this.combinations.keys().next().value!);
    return { ...combined.feeds, ...masks };
  }

  private checkRow(row: RunRow, steps: number): Turn {
    const cache = (row.cache as KvCache | null) ?? new KvCache();
    cache.assertUsable();
    this.checkIds(row.tokens);
    this.checkLength(cache.length + row.tokens.length + Math.min(row.maxNew, steps) - 1);
    if (row.maxNew < 1) throw new AttuneError('BAD_INPUT', `maxNew is ${row.maxNew}; ask for one token at least.`);
    this.checkAdapterId(row.adapterId);
    const { tokens, adapterId, sampling, position, seen, stopIds, maxNew, topLogprobs } = row;
    return { cache, tokens, adapterId, sampling, position, seen, stopIds, maxNew, topLogprobs };
  }

  private checkIds(ids: Int32Array): void {
    if (ids.length === 0) throw new AttuneError('BAD_INPUT', 'A sequence has no tokens; send one at least.');
    const bad = ids.find((id) => id < 0 || id >= this.config.vocabSize);
    if (bad !== undefined) {
      throw new AttuneError('BAD_INPUT', `Token id ${bad} is outside the vocabulary of ${this.config.vocabSize}.`);
    }
  }

  private checkLength(tokens: number): void {
    if (tokens > this.config.maxPositions) {
      throw new AttuneError(
        'TOO_LONG',
        `The sequence would have ${tokens} tokens; this base reads ${this.config.maxPositions}. Shorten the prompt.`,
      );
    }
  }

  private checkAdapterId(id: string | null): void {
    if (id !== null && !this.adapters.has(id)) {
      throw new AttuneError('NOT_FOUND', `Adapter ${id} is not loaded. Load it before running it.`);
    }
  }
}

/** The first `count` that a run reports at a place of its [turns, rows]. */
function topTokens(output: Record<string, Tensor>, at: number, count: number): TopTokens {
  const reported = output.topIds!.dims[2]!;
  const [start, end] = [at * reported, at * reported + Math.min(count, reported)];
  const ids = (output.topIds!.data as BigInt64Array).subarray(start, end);
  const logprobs = (output.topLogprobs!.data as Float32Array).subarray(start, end);
  return { ids: Array.from(ids, Number), logprobs: Array.from(logprobs) };
}

/** Fresh prompts of like length together, within the token budget; a prompt behind a cache goes alone, as the graph's attention asks. */
function groupPrefills(indexes: number[], jobs: Turn[]): number[][] {
  const length = (index: number) => jobs[index]!.tokens.length;
  const alone = indexes.filter((index) => jobs[index]!.cache.length > 0);
  const fresh = indexes.filter((index) => jobs[index]!.cache.length === 0).sort((a, b) => length(a) - length(b));
  const groups: number[][] = [];
  for (const index of fresh) {
    const group = groups.at(-1);
    // Sorted by length, so this row is the group's longest.
    if (group && (group.length + 1) * length(index) <= PREFILL_TOKENS) group.push(index);
    else groups.push([index]);
  }
  return [...groups, ...alone.map((index) => [index])];
}

const range = (start: number, end: number) => Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
const int64 = (values: number[], dims: number[]) => new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
const int32 = (values: number[]) => new Tensor('int32', Int32Array.from(values), [values.length]);
const column = (values: number[]) => int64(values, [values.length, 1]);
