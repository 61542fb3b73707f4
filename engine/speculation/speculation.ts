// Decodes a sequence that runs alone speculatively: drafts from its own text, each verified in one run.
import { hasPenalty } from '@/core/sampling';
import type { KvCache } from '@/engine/cache/kv-cache';
import { type Forward, range } from '@/engine/runner/forward';
import { samplingFeeds } from '@/engine/runner/sampler';
import { type Emitted, fetchesOf, readEmitted, type Turn } from '@/engine/runner/turn';
import { Drafter } from './prompt-lookup';

export class Speculation {
  private readonly drafters = new WeakMap<KvCache, Drafter>();

  constructor(private readonly forward: Forward) {}

  /**
   * The tokens, at most `maxNew`, of a verified draft for a turn with one pending token; null if no draft is worth a
   * run.
   */
  async run(turn: Turn): Promise<Emitted | null> {
    const { cache, seen, position, maxNew } = turn;
    const drafter = this.drafters.get(cache) ?? new Drafter(turn.sampling.temperature === 0);
    this.drafters.set(cache, drafter);
    drafter.follow(seen, seen.length - position);
    const space = this.forward.config.maxPositions - cache.length;
    const draft = drafter.draft(Math.min(maxNew, space) - 1);
    return draft.length > 0 ? verify(this.forward, turn, draft) : null;
  }
}

/**
 * Each position draws with its own uniform and reads the history up to it, as if the draft had been decoded. The
 * completion takes the draft's tokens up to the first draw that differs, and then that draw.
 */
export async function verify(forward: Forward, turn: Turn, draft: number[]): Promise<Emitted> {
  const tokens = Int32Array.of(...turn.tokens, ...draft);
  const places = range(0, tokens.length);
  const rows = places.map((place) => ({
    ...turn,
    position: turn.position + place,
    seen: hasPenalty(turn.sampling) ? [...Array.from(turn.seen), ...draft.slice(0, place)] : [],
  }));
  const feeds = samplingFeeds(rows, 1, forward.config.vocabSize);
  const { output, storage } = await forward.readPositions({ ...turn, tokens }, places, feeds, fetchesOf([turn]));
  const emitted = readEmitted(turn, output, places, (id, place) => id === draft[place]);
  // The slots of the pending token and the accepted draft tokens; the last emitted token has not been read yet.
  storage.append(turn.cache, output, emitted.ids.length);
  return emitted;
}
