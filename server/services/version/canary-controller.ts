// Reviews the running canary every few seconds, and begins one for a new version if the settings say so.
import { and, desc, eq, gt, isNull, notExists, sql } from 'drizzle-orm';
import { toAttuneError } from '@/core/errors';
import { review, type Verdict } from '@/core/rollout/review';
import { readTrust, type TrustOf } from '@/db/raters/trust';
import { champion } from '@/db/release';
import { canary, version } from '@/db/schema';
import { readSettings } from '@/db/settings';
import { readEvidence } from '@/server/rollout/evidence';
import type { Product } from '@/server/services/product';
import { type Canary, lock, running, start, take } from './canary';
import { runningExperiment } from './experiment';

const REVIEW_EVERY_MS = 2000;
/** Trust is estimated from all judgements; it changes slowly. */
const TRUST_KEPT_MS = 60_000;

/** In each web process; whichever reviews first acts, and the others find it done. */
export function followCanary(product: Product, everyMs = REVIEW_EVERY_MS): { close(): Promise<void> } {
  const trustOf = keptTrust(product);
  let working: Promise<void> | null = null;
  const timer = setInterval(() => {
    working ??= look(product, trustOf)
      .catch((error: unknown) => product.log.warn({ err: toAttuneError(error) }, 'a review of the rollout failed'))
      .finally(() => {
        working = null;
      });
  }, everyMs).unref();
  return {
    async close() {
      clearInterval(timer);
      await working;
    },
  };
}

function keptTrust({ db }: Product): () => Promise<TrustOf> {
  let kept: { at: number; trust: Promise<TrustOf> } | null = null;
  return () => {
    if (!kept || performance.now() - kept.at > TRUST_KEPT_MS) {
      const trust = readTrust(db);
      kept = { at: performance.now(), trust };
      trust.catch(() => {
        kept = null;
      });
    }
    return kept.trust;
  };
}

async function look(product: Product, trustOf: () => Promise<TrustOf>): Promise<void> {
  const row = await running(product.db);
  if (row) await reviewOnce(product, row, await trustOf());
  else await beginByItself(product);
}

/** Nothing happens if the canary has changed since its row was read: another process or a person was first. */
export async function reviewOnce({ db }: Product, row: Canary, trustOf: TrustOf): Promise<Verdict | null> {
  if (row.isPaused) return null;
  const verdict = review(row.phase, await readEvidence(db, row, trustOf), row.settings);
  return db.transaction(async (tx) => {
    const now = await lock(tx, eq(canary.id, row.id));
    if (!now || now.isPaused || now.phase !== row.phase || +now.phaseSince !== +row.phaseSince) return null;
    await tx
      .update(canary)
      .set({ verdict, reviews: sql`${canary.reviews} + 1`, reviewedAt: sql`now()` })
      .where(eq(canary.id, row.id));
    const { act, because, guards } = verdict;
    if (act !== 'hold') await take(tx, now, act, null, { because, guards });
    return verdict;
  });
}

/** Of the newest accepted version that was trained from the champion and has never been a canary. */
async function beginByItself(product: Product): Promise<void> {
  const { db } = product;
  const { autoCanary, canary: settings } = await readSettings(db);
  if (!autoCanary || (await runningExperiment(db))) return;
  const now = await champion(db);
  const [next] = await db
    .select({ id: version.id })
    .from(version)
    .where(
      and(
        eq(version.status, 'accepted'),
        isNull(version.retiredAt),
        // A person brought an adapter from elsewhere, and a person decides about it.
        sql`${version.manifest} -> 'imported' is null`,
        eq(version.parentId, now.versionId),
        gt(version.createdAt, now.since),
        notExists(db.select({ one: sql`1` }).from(canary).where(eq(canary.candidateVersionId, version.id))),
      ),
    )
    .orderBy(desc(version.createdAt))
    .limit(1);
  if (!next) return;
  await start(product, null, { candidateVersionId: next.id, settings }).catch((error) => {
    // Another process was first.
    if (toAttuneError(error).code !== 'CONFLICT') throw error;
  });
}
