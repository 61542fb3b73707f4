// Implements ModelRunner on onnxruntime: reads prompts in groups, then decodes a batch several tokens per run.
import { InferenceSession } from 'onnxruntime-node';
import type { Adapter } from '@/core/artifact/adapter';
import type { Base } from '@/core/base/base';
import type { ModelConfig } from '@/core/base/model-config';
import { AttuneError } from '@/core/errors';
import { hasPenalty } from '@/core/sampling';
import { joinCaches, KvCache, restoreCache } from '@/engine/cache/kv-cache';
import type { Precision } from '@/engine/graph/blocks';
import { prepareModelFile } from '@/engine/graph/model-file';
import { Speculation, verify } from '@/engine/speculation/speculation';
import { Forward, GREEDY, int64, range } from './forward';
import type { ModelRunner, Prefix, RunResult, RunRow } from './runner';
import { samplingFeeds } from './sampler';
import { logitsAt, scoreRows } from './scoring';
import { fetchesOf, nothingYet, readEmitted, type Turn } from './turn';

export interface ModelRunnerOptions {
  base: Base;
  precision: Precision;
  /** Holds the built ONNX files between starts. */
  cacheDirectory: string;
  threads: number;
  /** Idle threads spin: faster when the engine has the CPU to itself, far slower when another process is busy. */
  spinning?: boolean;
  /** Adapters of a higher rank are refused. */
  maxRank: number;
  /** Drafts a sequence that runs alone from its own text, several tokens per run; false decodes token by token. */
  speculates?: boolean;
}

/** A runner that also shows raw logits and takes drafts from outside, for tests and measurements. */
export interface InspectableModelRunner extends ModelRunner {
  /** Logits [positions, V] at each of the given positions of one sequence, which has at most 512 tokens. */
  logits(tokens: Int32Array, positions: number[], adapterId: string | null): Promise<Float32Array>;
  /** Runs a row of one pending token and a draft of what follows it at once. */
  verify(row: RunRow, draft: number[]): Promise<RunResult>;
}

/** Most tokens in one prefill run, padding included, and in one chunk of a long prompt: this bounds activations. */
const PREFILL_TOKENS = 1024;
const CHUNK_TOKENS = 512;
/** One row in this many may stay empty for the next sequence, because that costs less than rebuilding the batch. */
const IDLE_PART = 4;

export async function createModelRunner(options: ModelRunnerOptions): Promise<InspectableModelRunner> {
  const { base, precision, threads, spinning = true, maxRank, speculates = true } = options;
  const path = await prepareModelFile(base, precision, options.cacheDirectory);
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Shapes change with every run: memory plans, one per shape, would only pile up.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
  });
  return new OnnxModelRunner(new Forward(session, base.weights.config, maxRank), precision, speculates);
}

/** Fills an empty row for one step; its result is not used. */
const idleTurn = (): Turn => ({
  cache: new KvCache(),
  tokens: Int32Array.of(0),
  adapterId: null,
  sampling: GREEDY,
  position: 0,
  seen: [],
  stopIds: [],
  maxNew: 1,
});

class OnnxModelRunner implements InspectableModelRunner {
  readonly config: ModelConfig;
  private readonly speculation: Speculation | null;

  constructor(
    private readonly forward: Forward,
    readonly precision: Precision,
    speculates: boolean,
  ) {
    this.config = forward.config;
    this.speculation = speculates ? new Speculation(forward) : null;
  }

  loadAdapter(id: string, adapter: Adapter): void {
    this.forward.loadAdapter(id, adapter);
  }

  unloadAdapter(id: string): void {
    this.forward.unloadAdapter(id);
  }

  hasAdapter(id: string): boolean {
    return this.forward.hasAdapter(id);
  }

  restore(prefix: Prefix, tokens: number): KvCache {
    return restoreCache(this.config, prefix, tokens);
  }

  async run(rows: RunRow[], steps: number): Promise<RunResult[]> {
    const jobs = rows.map((row) => this.checkRow(row, steps));
    const [first] = jobs;
    if (this.speculation && jobs.length === 1 && !rows[0]!.isPartial && isDecoding(first!)) {
      const verified = await this.speculation.run(first!);
      if (verified) return [{ ...verified, cache: first!.cache }];
    }
    const emitted = jobs.map(nothingYet);
    const room = (index: number) => Math.min(rows[index]!.maxNew, steps) - emitted[index]!.ids.length;
    const forwardRows = async (indexes: number[], limit: number) => {
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
      if (rows[i]!.isPartial) await this.forward.readOut(job, [{ position: job.tokens.length - 1, forced: 0 }], []);
    }
    const whole = (index: number) => !rows[index]!.isPartial;
    const prefills = jobs.flatMap((job, i) => (whole(i) && !isDecoding(job) ? [i] : []));
    for (const index of prefills) await this.fillAllButLastChunk(jobs[index]!);
    for (const group of groupPrefills(prefills, jobs)) await forwardRows(group, 1);
    const running = jobs.flatMap((_, i) => (whole(i) && !emitted[i]!.stopped && room(i) > 0 ? [i] : []));
    if (running.length > 0) await forwardRows(running, steps);
    return emitted.map((result, i) => ({ ...result, cache: jobs[i]!.cache }));
  }

  score(rows: Parameters<ModelRunner['score']>[0]): Promise<Float32Array[]> {
    return scoreRows(this.forward, rows);
  }

  logits(tokens: Int32Array, positions: number[], adapterId: string | null): Promise<Float32Array> {
    return logitsAt(this.forward, tokens, positions, adapterId);
  }

  async verify(row: RunRow, draft: number[]): Promise<RunResult> {
    const turn = this.checkRow(row, draft.length + 1);
    return { ...(await verify(this.forward, turn, draft)), cache: turn.cache };
  }

  dispose(): Promise<void> {
    return this.forward.dispose();
  }

  /** Reads all chunks of a long prompt except the last, one sequence at a time; what they sample is not used. */
  private async fillAllButLastChunk(job: Turn): Promise<void> {
    while (job.tokens.length > CHUNK_TOKENS) {
      const tokens = job.tokens.subarray(0, CHUNK_TOKENS);
      await this.forward.readOut({ ...job, tokens }, [{ position: CHUNK_TOKENS - 1, forced: 0 }], []);
      job.tokens = job.tokens.subarray(CHUNK_TOKENS);
    }
  }

  /** One run of the loop over a batch: every row's tokens in, up to maxNew tokens out. */
  private async generate(turns: Turn[]): Promise<Omit<RunResult, 'cache'>[]> {
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
    const output = await this.forward.execute(seated, storage, steps, feeds, fetchesOf(turns));
    const ran = output.tokens!.dims[0]!; // tokens [turns, B, 1]
    return turns.map((turn) => {
      const places = range(0, Math.min(ran, turn.maxNew)).map((step) => step * seated.length + turn.cache.row);
      const emitted = readEmitted(turn, output, places);
      storage.append(turn.cache, output, turn.tokens.length + emitted.ids.length - 1);
      return emitted;
    });
  }

  private checkRow(row: RunRow, steps: number): Turn {
    const cache = (row.cache as KvCache | null) ?? new KvCache();
    cache.assertUsable();
    this.forward.checkIds(row.tokens);
    this.forward.checkLength(cache.length + row.tokens.length + Math.min(row.maxNew, steps) - 1);
    if (row.maxNew < 1) throw new AttuneError('BAD_INPUT', `maxNew is ${row.maxNew}; ask for at least one token.`);
    this.forward.checkAdapterId(row.adapterId);
    const { tokens, adapterId, sampling, position, seen, stopIds, maxNew, topLogprobs } = row;
    return { cache, tokens, adapterId, sampling, position, seen, stopIds, maxNew, topLogprobs };
  }
}

/** Whether the turn has a cache and one pending token. */
const isDecoding = ({ cache, tokens }: Turn) => cache.length > 0 && tokens.length === 1;

/**
 * Groups new prompts of similar length within the token budget. A prompt with a cache runs alone, because the graph's
 * attention requires it.
 */
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
