// Repeats a piece of work in the background, one turn at a time, until it is closed.
import { toAttuneError } from '@/core/errors';
import type { Product } from './product';

export interface Repetition {
  /** Begins a turn now; if one is under way, another follows it. */
  ask(): void;
  /** Aborts the signal and waits for the turn that is under way. */
  close(): Promise<void>;
}

/** A turn that fails is logged with the sentence, and the next one comes as if it had not. */
export function repeat(
  { log }: Pick<Product, 'log'>,
  { everyMs, failure }: { everyMs: number; failure: string },
  work: (ending: AbortSignal) => Promise<unknown>,
): Repetition {
  const ending = new AbortController();
  let working: Promise<void> | null = null;
  let isAsked = false;
  const turn = async () => {
    do {
      isAsked = false;
      await work(ending.signal).catch((error: unknown) => {
        if (!ending.signal.aborted) log.warn({ err: toAttuneError(error) }, failure);
      });
    } while (isAsked && !ending.signal.aborted);
  };
  const begin = () => {
    working ??= turn().finally(() => {
      working = null;
    });
  };
  const timer = setInterval(begin, everyMs).unref();
  return {
    ask() {
      isAsked = true;
      begin();
    },
    async close() {
      clearInterval(timer);
      ending.abort();
      await working;
    },
  };
}
