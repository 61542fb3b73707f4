// Reviews the running canary every few seconds, and begins one for a new version if the settings say so.
import { eq, sql } from 'drizzle-orm';
import { toAttuneError } from '@/core/errors';
import { progressOf } from '@/core/rollout/progress';
import { brake, review } from '@/core/rollout/review';
import { nextCandidate } from '@/db/candidate';
import { claimTrust, keepTrust } from '@/db/raters/voter-trust';
import { canary } from '@/db/schema';
import { readSettings } from '@/db/settings';
import { readEvidence, readStep, type Step } from '@/server/rollout/evidence';
import { countChanges } from '@/server/rollout/figures';
import type { Product } from '@/server/services/product';
import { type Repetition, repeat } from '@/server/services/repeat';
import { type Canary, lock, running, start, take } from './canary';
import { runningExperiment } from './experiment';

const REVIEW_EVERY_MS = 2000;
/** Trust is estimated from all judgements; it changes slowly. */
const TRUST_EVERY_SECONDS = 60;

/** In each web process; whichever reviews first acts, and the others find it done. */
export function followCanary(product: Product, everyMs = REVIEW_EVERY_MS): Repetition {
  return repeat(product, { everyMs, failure: 'a review of the rollout failed' }, () => look(product));
}

async function look(product: Product): Promise<void> {
  const { db } = product;
  if ((await runningExperiment(db)) && (await claimTrust(db, TRUST_EVERY_SECONDS))) await keepTrust(db);
  const row = await running(db);
  const step = row && (await readStep(db, row));
  const counted = await countChanges(db);
  if (!row || !step) await beginByItself(product);
  else if (counted !== 'others') await reviewOnce(product, row, step, counted === 'all');
}

/** Nothing happens if the canary has changed since its row was read: another process or a person was first. */
async function reviewOnce({ db }: Product, row: Canary, step: Step, isCounted: boolean): Promise<void> {
  const evidence = await readEvidence(db, row, step);
  const verdict = brake(review(row.phase, evidence, row.settings), { isPaused: row.isPaused, isCounted });
  await db.transaction(async (tx) => {
    const now = await lock(tx, eq(canary.id, row.id));
    if (!now || now.isPaused !== row.isPaused || +now.phaseSince !== +row.phaseSince) return;
    const progress = progressOf(verdict.guards, evidence, row.settings);
    await tx
      .update(canary)
      .set({ verdict, progress, reviews: sql`${canary.reviews} + 1`, reviewedAt: sql`now()` })
      .where(eq(canary.id, row.id));
    const { act, because } = verdict;
    if (act !== 'hold') await take(tx, { ...now, verdict, progress }, act, null, { because });
  });
}

async function beginByItself(product: Product): Promise<void> {
  const { db } = product;
  const { autoCanary, canary: settings } = await readSettings(db);
  if (!autoCanary || (await runningExperiment(db))) return;
  const candidateVersionId = await nextCandidate(db);
  if (candidateVersionId === null) return;
  await start(product, null, { candidateVersionId, settings }).catch((error) => {
    // Another process was first.
    if (toAttuneError(error).code !== 'CONFLICT') throw error;
  });
}
