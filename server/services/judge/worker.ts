// Works in the background for the judges that admins have set going, one at a time in each web process.
import { randomUUID } from 'node:crypto';
import type { Product } from '@/server/services/product';
import { type Repetition, repeat } from '@/server/services/repeat';
import { createEndpointReader } from './endpoint';
import { claimJudge, type Held } from './hold';
import { label } from './label';
import { createLocalReader } from './local';
import { measure } from './measure';
import { JudgeTrouble } from './reader';

const LOOK_EVERY_MS = 2000;

/** Work under way stops at `close`; another process, or the next one, goes on. */
export function followJudges(product: Product): Repetition {
  const owner = randomUUID();
  const options = { everyMs: LOOK_EVERY_MS, failure: 'the search for judges failed' };
  return repeat(product, options, (ending) => workOnAll(product, owner, ending));
}

async function workOnAll(product: Product, owner: string, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    const held = await claimJudge(product, owner, ending);
    if (!held) return;
    try {
      await work(product, held);
    } catch (error) {
      await settleFailure(product, held, error);
    } finally {
      await held.release();
    }
  }
}

async function work(product: Product, held: Held): Promise<void> {
  const { row } = held;
  const reader = row.kind === 'local' ? createLocalReader(product) : createEndpointReader(product, row);
  await (row.activity === 'measure' ? measure : label)(product, held, reader);
}

async function settleFailure({ log }: Product, held: Held, error: unknown): Promise<void> {
  if (held.signal.aborted) return;
  const trouble = error instanceof JudgeTrouble ? error.trouble : 'engine';
  // What was read stands in no message of ours (server/http/outgoing.ts, db/failure.ts).
  log.warn({ err: error, judgeId: held.row.id, trouble }, 'a judge stopped');
  await held.fail(trouble);
}
