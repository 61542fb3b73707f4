// Holds the keys and values of running sequences in padded batch tensors, rebuilt only when the batch changes.
import { Tensor } from 'onnxruntime-node';
import type { ModelConfig } from '@/core/base/model-config';
import { AttuneError } from '@/core/errors';
import { newName, pastName } from '@/engine/graph/decode-loop';
import type { Prefix, SequenceCache } from '@/engine/runner/runner';
import { BLOCK_TOKENS } from './prefix-cache';

/** The graph clears and copies the whole capacity each turn, so unused slots cost time: grow in small steps. */
const CAPACITY_STEP = 32;

const roundUp = (slots: number) => Math.ceil(slots / CAPACITY_STEP) * CAPACITY_STEP;

type NewTensors = Record<string, Tensor>;

/** The place of one sequence: a row of some storage, whose first `length` slots are valid. */
export class KvCache implements SequenceCache {
  storage: KvStorage | null = null;
  row = 0;
  length = 0;
  private isReleased = false;

  release(): void {
    this.isReleased = true;
    this.length = 0;
    this.storage?.leave(this);
  }

  copy(start: number, count: number, into: Float32Array): Float32Array {
    this.storage!.read(this, start, count, into);
    return into;
  }

  assertUsable(): void {
    if (this.isReleased) throw new AttuneError('INTERNAL', 'This KV cache was released. Run the prompt again.');
  }
}

/** One tensor [B, kvHeads, capacity, headSize] per layer and half; the graph reads the arrays without a copy. */
export class KvStorage {
  readonly feeds: Record<string, Tensor> = {};
  /** The sequence in each row; null is an empty row, free for the next sequence. */
  readonly seats: (KvCache | null)[];

  constructor(
    private readonly config: ModelConfig,
    readonly rows: number,
    readonly capacity: number,
  ) {
    this.seats = new Array<KvCache | null>(rows).fill(null);
    const dims = [rows, config.keyValueHeads, capacity, config.headSize];
    const size = dims.reduce((product, dim) => product * dim, 1);
    for (let layer = 0; layer < config.layers; layer++) {
      for (const half of ['key', 'value'] as const) {
        this.feeds[pastName(layer, half)] = new Tensor('float32', new Float32Array(size), dims);
      }
    }
  }

  /** Copies a sequence into a row and makes that row its place. */
  admit(cache: KvCache, row: number): void {
    const from = cache.storage;
    if (from && cache.length > 0) {
      const { keyValueHeads, headSize } = this.config;
      for (const [name, tensor] of Object.entries(this.feeds)) {
        const target = tensor.data as Float32Array;
        const source = from.feeds[name]!.data as Float32Array;
        for (let head = 0; head < keyValueHeads; head++) {
          const start = (cache.row * keyValueHeads + head) * from.capacity * headSize;
          const valid = source.subarray(start, start + cache.length * headSize);
          target.set(valid, (row * keyValueHeads + head) * this.capacity * headSize);
        }
      }
    }
    from?.leave(cache);
    cache.storage = this;
    cache.row = row;
    this.seats[row] = cache;
  }

  /** Copies `count` slots of a row, beginning at `start`: [layers, 2, kvHeads, count, headSize]. */
  read(cache: KvCache, start: number, count: number, into: Float32Array): void {
    const { keyValueHeads, headSize } = this.config;
    let at = 0;
    for (const tensor of Object.values(this.feeds)) {
      for (let head = 0; head < keyValueHeads; head++) {
        const first = ((cache.row * keyValueHeads + head) * this.capacity + start) * headSize;
        into.set((tensor.data as Float32Array).subarray(first, first + count * headSize), at);
        at += count * headSize;
      }
    }
  }

  /** Writes the first `count` of the slots that `read` copied after the row's valid slots. */
  write(cache: KvCache, slots: Float32Array, count: number): void {
    const { keyValueHeads, headSize, layers } = this.config;
    const plane = slots.length / (layers * 2 * keyValueHeads);
    let at = 0;
    for (const tensor of Object.values(this.feeds)) {
      for (let head = 0; head < keyValueHeads; head++) {
        const first = ((cache.row * keyValueHeads + head) * this.capacity + cache.length) * headSize;
        (tensor.data as Float32Array).set(slots.subarray(at, at + count * headSize), first);
        at += plane;
      }
    }
    cache.length += count;
  }

  leave(cache: KvCache): void {
    if (this.seats[cache.row] === cache) this.seats[cache.row] = null;
    if (cache.storage === this) cache.storage = null;
  }

  /** Whether these sequences fit here, with at most `idle` rows that belong to none of them. */
  hasPlaceFor(caches: readonly KvCache[], slots: number, idle: number): boolean {
    const newcomers = caches.filter(({ storage }) => storage !== this).length;
    const free = this.seats.filter((seat) => seat === null).length;
    return this.capacity >= slots && newcomers <= free && this.rows - caches.length <= idle;
  }

  /** Writes the first `count` of a run's new slots after the row's valid slots. */
  append(cache: KvCache, added: NewTensors, count: number): void {
    const { keyValueHeads, headSize, layers } = this.config;
    for (let layer = 0; layer < layers; layer++) {
      for (const half of ['key', 'value'] as const) {
        const source = added[newName(layer, half)]!; // [B, kvHeads, n, headSize]
        const slots = source.dims[2]!;
        const target = this.feeds[pastName(layer, half)]!.data as Float32Array;
        for (let head = 0; head < keyValueHeads; head++) {
          const plane = cache.row * keyValueHeads + head;
          const start = plane * slots * headSize;
          const values = (source.data as Float32Array).subarray(start, start + count * headSize);
          target.set(values, (plane * this.capacity + cache.length) * headSize);
        }
      }
    }
    cache.length += count;
  }
}

/** A separate sequence that begins with a copy of a kept prefix and has room for `tokens`. */
export function restoreCache(config: ModelConfig, { length, blocks }: Prefix, tokens: number): KvCache {
  const cache = new KvCache();
  new KvStorage(config, 1, roundUp(tokens)).admit(cache, 0);
  for (const block of blocks) cache.storage!.write(cache, block, Math.min(BLOCK_TOKENS, length - cache.length));
  return cache;
}

/**
 * A storage that holds these sequences with room for `slots` each: the one where most of them are, if the others fit
 * into its empty rows and at most `idle` rows stay unused; else a new one without empty rows, in the given order.
 */
export function joinCaches(config: ModelConfig, caches: KvCache[], slots: number, idle: number): KvStorage {
  const former = new Map<KvStorage, number>();
  for (const { storage } of caches) if (storage) former.set(storage, (former.get(storage) ?? 0) + 1);
  const [fullest] = [...former].sort(([, a], [, b]) => b - a)[0] ?? [];
  if (fullest?.hasPlaceFor(caches, slots, idle)) {
    for (const cache of caches) if (cache.storage !== fullest) fullest.admit(cache, fullest.seats.indexOf(null));
    former.delete(fullest);
    leaveNobodyAlone(config, former.keys());
    return fullest;
  }
  const joined = new KvStorage(config, caches.length, roundUp(slots));
  for (const [row, cache] of caches.entries()) joined.admit(cache, row);
  leaveNobodyAlone(config, former.keys());
  return joined;
}

/** The last sequence left in a batch must not keep the memory of the whole batch. */
function leaveNobodyAlone(config: ModelConfig, storages: Iterable<KvStorage>): void {
  for (const storage of storages) {
    const [alone, ...others] = storage.seats.filter((seat) => seat !== null);
    if (alone && others.length === 0 && storage.rows > 1) {
      new KvStorage(config, 1, Math.max(1, alone.length)).admit(alone, 0);
    }
  }
}
