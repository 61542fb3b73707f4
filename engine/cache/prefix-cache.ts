// Keeps the keys and values of what sequences have read, by version and in blocks, for sequences that begin alike.
import type { PrefixStatus } from '@/engine/protocol';
import type { Prefix, SequenceCache } from '@/engine/runner/runner';

/** Tokens per block: what a sequence has read beyond its last whole block is not kept. */
export const BLOCK_TOKENS = 16;
/** A shorter prefix is not used: a prompt after a prefix is read on its own, which costs as much as some ten tokens. */
export const SHORTEST_PREFIX = 16;

export interface PrefixCacheOptions {
  /** 0 keeps nothing. */
  maxBytes: number;
  /** Number of float32 values in one token's keys and values. */
  valuesPerToken: number;
}

/** Tokens that follow the parent's; the path from the root is the text that was read before them. */
interface Block {
  versionId: string;
  ids: number[];
  values: Float32Array;
  /** All children of the parent, or of the version's root. */
  siblings: Block[];
  children: Block[];
}

export class PrefixCache {
  private readonly roots = new Map<string, Block[]>();
  /**
   * The least recently used first. A path is renewed from its end to its root, so a parent comes after its children.
   */
  private readonly byUse = new Set<Block>();
  private readonly maxBlocks: number;
  private readonly blockValues: number;
  private hits = 0;
  private savedTokens = 0;

  constructor({ maxBytes, valuesPerToken }: PrefixCacheOptions) {
    this.blockValues = BLOCK_TOKENS * valuesPerToken;
    this.maxBlocks = Math.floor(maxBytes / (this.blockValues * Float32Array.BYTES_PER_ELEMENT));
  }

  /** How many of the first tokens are kept for this version: 0, or at least SHORTEST_PREFIX, and never all of them. */
  match(versionId: string, ids: readonly number[]): number {
    return this.find(versionId, ids).length;
  }

  /**
   * The prefix that `match` counts. Its blocks are this cache's memory, not copies: read them before the next `keep`.
   */
  take(versionId: string, ids: readonly number[]): Prefix {
    const { length, path } = this.find(versionId, ids);
    if (length === 0) return { length, blocks: [] };
    this.renew(path);
    this.hits++;
    this.savedTokens += length;
    return { length, blocks: path.map(({ values }) => values) };
  }

  /** Copies the whole blocks of these tokens out of their cache; they replace the least recently used blocks. */
  keep(versionId: string, ids: readonly number[], cache: Pick<SequenceCache, 'copy'>): void {
    const count = Math.min(Math.floor(ids.length / BLOCK_TOKENS), this.maxBlocks);
    if (count === 0) return;
    const { length, path: common } = this.descend(versionId, ids);
    const path = common.slice(0, Math.min(Math.floor(length / BLOCK_TOKENS), count));
    this.renew(path); // so that the eviction below takes none of its blocks
    while (path.length < count) {
      const start = path.length * BLOCK_TOKENS;
      const block: Block = {
        versionId,
        ids: ids.slice(start, start + BLOCK_TOKENS),
        values: cache.copy(start, BLOCK_TOKENS, this.makeRoom()),
        siblings: path.at(-1)?.children ?? this.rootOf(versionId),
        children: [],
      };
      block.siblings.push(block);
      this.byUse.add(block);
      path.push(block);
    }
    this.renew(path);
  }

  /** Forgets a version's blocks: keys and values are valid only for the weights that made them. */
  drop(versionId: string): void {
    this.roots.delete(versionId);
    for (const block of this.byUse) if (block.versionId === versionId) this.byUse.delete(block);
  }

  get status(): PrefixStatus {
    return {
      hits: this.hits,
      savedTokens: this.savedTokens,
      keptTokens: this.byUse.size * BLOCK_TOKENS,
      keptBytes: this.byUse.size * this.blockValues * Float32Array.BYTES_PER_ELEMENT,
    };
  }

  private find(versionId: string, ids: readonly number[]): { length: number; path: Block[] } {
    const { length, path } = this.descend(versionId, ids);
    const usable = Math.min(length, ids.length - 1); // the last token's logits choose the next one
    if (usable < SHORTEST_PREFIX) return { length: 0, path: [] };
    return { length: usable, path: path.slice(0, Math.ceil(usable / BLOCK_TOKENS)) };
  }

  /**
   * The blocks that match the tokens, the last one perhaps only in its first tokens, and the number of tokens in
   * common.
   */
  private descend(versionId: string, ids: readonly number[]): { length: number; path: Block[] } {
    const path: Block[] = [];
    let length = 0;
    let children = this.roots.get(versionId) ?? [];
    while (length === path.length * BLOCK_TOKENS) {
      let best = 0;
      for (const child of children) {
        const common = commonLength(child.ids, ids, length);
        if (common <= best) continue;
        best = common;
        path[Math.floor(length / BLOCK_TOKENS)] = child;
      }
      if (best === 0) break;
      length += best;
      children = path.at(-1)!.children;
    }
    return { length, path };
  }

  private rootOf(versionId: string): Block[] {
    const root = this.roots.get(versionId) ?? [];
    this.roots.set(versionId, root);
    return root;
  }

  private renew(path: readonly Block[]): void {
    for (const block of path.toReversed()) {
      this.byUse.delete(block);
      this.byUse.add(block);
    }
  }

  /** New memory while the bound allows it, else that of the least recently used block, which is the end of its path. */
  private makeRoom(): Float32Array {
    if (this.byUse.size < this.maxBlocks) return new Float32Array(this.blockValues);
    const [oldest] = this.byUse;
    this.byUse.delete(oldest!);
    oldest!.siblings.splice(oldest!.siblings.indexOf(oldest!), 1);
    return oldest!.values;
  }
}

function commonLength(block: readonly number[], ids: readonly number[], start: number): number {
  let length = 0;
  while (length < block.length && block[length] === ids[start + length]) length++;
  return length;
}
