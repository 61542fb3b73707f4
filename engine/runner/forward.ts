// Runs the graph over a batch: rows, caches and adapters in, the fetched outputs and the new keys and values out.
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import type { Adapter } from '@/core/artifact/adapter';
import type { ModelConfig } from '@/core/base/model-config';
import { AttuneError } from '@/core/errors';
import { Sampling } from '@/core/sampling';
import { joinCaches, type KvCache, KvStorage } from '@/engine/cache/kv-cache';
import { newName } from '@/engine/graph/decode-loop';
import { concatLora, loraMasks, type PackedLora, packAdapter } from '@/engine/graph/lora';
import { samplingFeeds } from './sampler';

/** The inputs of one row to one run. */
export interface ForwardRow {
  cache: KvCache;
  tokens: Int32Array;
  adapterId: string | null;
}

/** A row that also decodes new tokens. */
export interface DecodingRow extends ForwardRow {
  stopIds: readonly number[];
  maxNew: number;
}

/** How many combinations of adapters stay packed for the next run. */
const COMBINATIONS = 4;
/** Settings of a row whose sampled token is not used. */
export const GREEDY = Sampling.parse({ temperature: 0, seed: 0 });

/** Holds the session and the adapters that it may use, and checks its inputs. */
export class Forward {
  private readonly adapters = new Map<string, PackedLora>();
  private readonly combinations = new Map<string, PackedLora>();
  private readonly bare: PackedLora;
  private readonly newNames: string[];

  constructor(
    private readonly session: InferenceSession,
    readonly config: ModelConfig,
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

  async dispose(): Promise<void> {
    this.adapters.clear();
    this.combinations.clear();
    await this.session.release();
  }

  /** Reads out several positions of one sequence and adds its tokens to its cache. */
  async readOut(
    row: ForwardRow,
    readouts: { position: number; forced: number }[],
    fetches: string[],
  ): Promise<Record<string, Tensor>> {
    const rows = readouts.map(() => ({ sampling: GREEDY, position: 0, seen: [] }));
    const feeds = samplingFeeds(rows, 1, this.config.vocabSize);
    feeds.forced = column(readouts.map(({ forced }) => forced));
    const positions = readouts.map(({ position }) => position);
    const { output, storage } = await this.readPositions(row, positions, feeds, fetches);
    storage.append(row.cache, output, row.tokens.length);
    return output;
  }

  /** Like `readOut`, but leaves the cache as it is: the caller appends those of the run's slots that it keeps. */
  async readPositions(
    row: ForwardRow,
    positions: number[],
    sampling: Record<string, Tensor>,
    fetches: string[],
  ): Promise<{ output: Record<string, Tensor>; storage: KvStorage }> {
    const storage = joinCaches(this.config, [row.cache], row.cache.length + row.tokens.length, 0);
    const feeds = { ...sampling, readouts: int64(positions, [positions.length]) };
    const output = await this.execute([{ ...row, stopIds: [], maxNew: 1 }], storage, 1, feeds, fetches);
    return { output, storage };
  }

  /** One run: fills the batch tensors, packs the adapters side by side, and also fetches the new keys and values. */
  async execute(
    turns: DecodingRow[],
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
    const { lora, masks } = this.loraFeeds(turns.map(({ adapterId }) => adapterId));
    // The adapters' hundreds of tensors are inherited: copying their names took a tenth of the time of a short run.
    const feeds: Record<string, Tensor> = Object.assign(
      Object.create(lora),
      (isFresh ? new KvStorage(this.config, count, 0) : storage).feeds,
      sampling,
      masks,
      {
        ids: new Tensor('int64', ids, [count, longest]),
        newTokens: int32(turns.map(({ tokens }) => tokens.length)),
        lengths: int32(turns.map(({ cache }) => cache.length)),
        remaining: int32(turns.map(({ maxNew }) => maxNew)),
        stopIds: int64(stopIds, [count, stops]),
        steps: int64([steps], []),
      },
    );
    return (await this.session.run(feeds, [...fetches, ...this.newNames])) as Record<string, Tensor>;
  }

  /**
   * The adapters of a batch side by side in a fixed order, and the masks that say which columns belong to which row.
   */
  private loraFeeds(adapterIds: (string | null)[]): Record<'lora' | 'masks', Record<string, Tensor>> {
    const ids = [...new Set(adapterIds.filter((id) => id !== null))].sort();
    const packs = ids.map((id) => this.adapters.get(id)!);
    const masks = loraMasks(
      packs,
      adapterIds.map((id) => (id === null ? -1 : ids.indexOf(id))),
    );
    if (packs.length < 2) return { lora: (packs[0] ?? this.bare).feeds, masks };
    const key = JSON.stringify(ids);
    const combined = this.combinations.get(key) ?? concatLora(packs);
    this.combinations.delete(key);
    this.combinations.set(key, combined); // the last is the most recently used
    if (this.combinations.size > COMBINATIONS) this.combinations.delete(this.combinations.keys().next().value!);
    return { lora: combined.feeds, masks };
  }

  checkIds(ids: Int32Array): void {
    if (ids.length === 0) throw new AttuneError('BAD_INPUT', 'A sequence has no tokens; send at least one.');
    const bad = ids.find((id) => id < 0 || id >= this.config.vocabSize);
    if (bad !== undefined) {
      throw new AttuneError('BAD_INPUT', `Token id ${bad} is outside the vocabulary of ${this.config.vocabSize}.`);
    }
  }

  checkLength(tokens: number): void {
    if (tokens > this.config.maxPositions) {
      throw new AttuneError(
        'TOO_LONG',
        `The sequence would have ${tokens} tokens; this base reads ${this.config.maxPositions}. Shorten the prompt.`,
      );
    }
  }

  checkAdapterId(id: string | null): void {
    if (id !== null && !this.adapters.has(id)) {
      throw new AttuneError('NOT_FOUND', `Adapter ${id} is not loaded. Load it before running it.`);
    }
  }
}

export const range = (start: number, end: number) =>
  Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
export const int64 = (values: number[], dims: number[]) =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
const int32 = (values: number[]) => new Tensor('int32', Int32Array.from(values), [values.length]);
const column = (values: number[]) => int64(values, [values.length, 1]);
