// How many answers the engine takes at once, as it last reported.
import type { EngineClient } from '@/engine/client';
import type { Product } from './product';

/** The engine may come back with other settings. */
const ASK_EVERY_MS = 10_000;

interface Known {
  capacity: number;
  askedAt: number;
}
const known = new WeakMap<EngineClient, Known>();

/** Never waits: until the engine has reported there is no bound here, and the engine refuses what exceeds its queue. */
export function capacityOf({ engine }: Product): number {
  let state = known.get(engine);
  if (!state) {
    state = { capacity: Number.POSITIVE_INFINITY, askedAt: Number.NEGATIVE_INFINITY };
    known.set(engine, state);
  }
  if (Date.now() - state.askedAt > ASK_EVERY_MS) void ask(engine, state);
  return state.capacity;
}

async function ask(engine: EngineClient, state: Known): Promise<void> {
  state.askedAt = Number.POSITIVE_INFINITY;
  try {
    state.capacity = (await engine.status()).capacity;
  } catch {
    // A request for an answer will report why the engine fails.
  } finally {
    state.askedAt = Date.now();
  }
}
