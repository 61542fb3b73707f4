// Speculative decoding of a sequence that runs alone: drafts from its own text, verified in one run over several tokens.
import { hasPenalty } from '@/core/sampling';
import type { KvCache } from '@/engine/cache/kv-cache';
import { type Forward, range } from '@/engine/runner/forward';
import { samplingFeeds } from '@/engine/runner/sampler';
import { type Emitted, fetchesOf, readEmitted, type Turn } from '@/engine/runner/turn';
import { Drafter } from './prompt-lookup';

export class Speculation {
  private readonly drafters = new WeakMap<KvCache, Drafter>();

  constructor(private readonly forward: Forward) {}

  /** What a verified draft gives for a turn of one pending token, at most `maxNew` tokens; null where none is worth a run. */
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
 * Each position draws with its own uniform and reads the history up to it, as if the draft had been decoded; the draft's
 * tokens are the answer's as far as the draws equal them, and the first draw that does not is the answer's, too.
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
  // The pending token and the draft's accepted ones; the last emitted token is not computed yet.
  storage.append(turn.cache, output, emitted.ids.length);
  return emitted;
}
