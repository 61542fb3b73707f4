// The engine over a runner whose tokens are known in advance: token i of an answer is a function of the seed and i.
import type { Tokenizer } from '@/core/base/base';
import type { ModelConfig } from '@/core/base/model-config';
import { AttuneError } from '@/core/errors';
import { Sampling } from '@/core/sampling';
import { AdapterStore } from '@/engine/adapters';
import { PrefixCache } from '@/engine/cache/prefix-cache';
import { Engine } from '@/engine/engine';
import type { EngineMessage, GenerateRequest } from '@/engine/protocol';
import type { ModelRunner, Prefix, RunRow, SequenceCache } from '@/engine/runner/runner';
import { DEFAULT_LIMITS } from '@/engine/scheduler';

export const EOS = 0;
export const letter = (id: number) => String.fromCharCode(96 + id); // 1 = a
/** Cycles through the ids 1..26, starting at the seed; seed 100 ends after three tokens. */
export const tokenAt = (seed: number, i: number) => (seed === 100 && i === 3 ? EOS : ((seed + i) % 26) + 1);

/** A cache whose keys and values are the tokens themselves. */
export interface TokenCache extends SequenceCache {
  tokens: number[];
}

export class CountingRunner implements ModelRunner {
  readonly config = { vocabSize: 30, eosTokenIds: [EOS], maxPositions: 64 } as unknown as ModelConfig;
  readonly precision = 'fp32';
  readonly runs: { rows: RunRow[]; steps: number }[] = [];
  live = 0;
  fails = false;
  loadAdapter() {}
  unloadAdapter() {}
  hasAdapter = () => true;
  async dispose() {}
  async score(rows: { completionIds: Int32Array }[]) {
    return rows.map(({ completionIds }) => Float32Array.from(completionIds, (id) => -id));
  }
  async run(rows: RunRow[], steps: number) {
    this.runs.push({ rows: rows.map((row) => ({ ...row, seen: Array.from(row.seen) })), steps });
    if (this.fails) throw new Error('out of memory');
    return rows.map((row) => {
      const ids: number[] = [];
      while (ids.length < Math.min(steps, row.maxNew) && ids.at(-1) !== EOS)
        ids.push(tokenAt(row.sampling.seed, row.position + ids.length));
      const cache = (row.cache as TokenCache | null) ?? this.cache([]);
      cache.tokens.push(...row.tokens, ...ids.slice(0, -1));
      return {
        ids,
        logprobs: ids.map((id) => -id),
        ...(row.topLogprobs && { top: ids.map((id) => ({ ids: [id], logprobs: [-id] })) }),
        cache,
        stopped: ids.at(-1) === EOS,
      };
    });
  }
  restore({ length, blocks }: Prefix) {
    return this.cache(blocks.flatMap((block) => [...block]).slice(0, length));
  }
  private cache(tokens: number[]): TokenCache {
    this.live++;
    return {
      tokens,
      get length() {
        return tokens.length;
      },
      copy: (start, count, into) => {
        into.set(tokens.slice(start, start + count));
        return into;
      },
      release: () => void this.live--,
    };
  }
}

const tokenizer: Tokenizer = {
  vocabSize: 30,
  encode: () => [],
  decode: (ids) => ids.map(letter).join(''),
  stream: () => ({ push: letter, end: () => '' }),
  bytesOf: (id: number) => Uint8Array.of(id),
  isSpecial: (id) => id === EOS,
};

export function makeEngine(limits: Partial<typeof DEFAULT_LIMITS> = {}, maxContext = 64, now = () => 0) {
  const runner = new CountingRunner();
  const read = async (versionId: string) => {
    if (versionId === 'missing') throw new AttuneError('NOT_FOUND', 'There is no version missing.');
    return { adapter: { rank: 1, alpha: 1, targets: [], pairs: new Map() } };
  };
  const prefixes = new PrefixCache({ maxBytes: 16 * 64, valuesPerToken: 1 }); // 16 blocks of 16 tokens
  const onDrop = (versionId: string) => prefixes.drop(versionId);
  const adapters = new AdapterStore({ runner, read, prove: async () => {}, capacity: 2, onDrop });
  const base = { id: 'letters', sha256: '0', tokenizer };
  const engine = new Engine({
    base,
    runner,
    adapters,
    prefixes,
    limits: { ...DEFAULT_LIMITS, ...limits },
    maxContext,
    now,
  });
  const start = (requestId: string, sampling: Partial<Sampling>, over: Partial<GenerateRequest> = {}) => {
    const messages: EngineMessage[] = [];
    const request: GenerateRequest = {
      type: 'generate',
      requestId,
      versionId: 'base',
      promptIds: [1, 2, 3],
      sampling: Sampling.parse({ seed: 0, maxTokens: 20, ...sampling }),
      ...over,
    };
    const abort = engine.generate(request, (message) => messages.push(message));
    const text = () =>
      messages
        .flatMap((m) => (m.type === 'tokens' ? m.ids : []))
        .map(letter)
        .join('');
    return { messages, abort, text, last: () => messages.at(-1) };
  };
  const drain = async () => {
    await new Promise((resolve) => setImmediate(resolve)); // adapters arrive
    while (await engine.tick()) {}
  };
  return { engine, runner, start, drain };
}
