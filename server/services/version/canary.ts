// Canaries for admins and for the controller: begun, steered by a person, and listed with what their last review found.
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import {
  type CanaryAct,
  type CanarySettings,
  isRamp,
  nextPhase,
  RAMP,
  RAMP_PHASES,
  type RampPhase,
} from '@/core/rollout/canary';
import { VERSION_LAYER } from '@/core/rollout/layers';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { changeChampion, lockReleases } from '@/db/release';
import { canary } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkCandidate, close, moveShare, open } from './experiment';
import type { CanaryView } from './views';

export type Canary = typeof canary.$inferSelect & { phase: RampPhase };

const MOST_LISTED = 50;

/** The running one first. */
export async function list({ db }: Product): Promise<CanaryView[]> {
  const rows = await db
    .select()
    .from(canary)
    .orderBy(desc(isNull(canary.endedAt)), desc(canary.createdAt))
    .limit(MOST_LISTED);
  return rows.map(({ createdBy, ...row }) => ({ ...row, isByProduct: createdBy === null }));
}

export async function running(db: Executor): Promise<Canary | null> {
  const [row] = await db.select().from(canary).where(isNull(canary.endedAt));
  return row && isRamp(row.phase) ? { ...row, phase: row.phase } : null;
}

/** A null `actorId` is the product itself. */
export async function start(
  product: Product,
  actorId: string | null,
  { candidateVersionId, settings }: { candidateVersionId: string; settings: CanarySettings },
): Promise<{ id: string }> {
  await checkCandidate(product, candidateVersionId);
  const [phase] = RAMP_PHASES;
  return product.db.transaction(async (tx) => {
    const opened = await open(tx, actorId, {
      ...{ candidateVersionId, change: null, layer: VERSION_LAYER, part: 1 },
      ...{ share: RAMP[phase], name: candidateVersionId, plan: null, needed: null },
    });
    const { id: experimentId, championVersionId } = opened;
    const [row] = await tx
      .insert(canary)
      .values({ experimentId, candidateVersionId, championVersionId, phase, settings, createdBy: actorId })
      .returning({ id: canary.id });
    await recordAudit(tx, actorId, 'canary.start', candidateVersionId, { championVersionId, ...settings });
    return row!;
  });
}

/** Throws CONFLICT if the canary has ended or the act does not fit its state. */
export async function steer(
  { db }: Product,
  actorId: string,
  { id, act, reason }: { id: string; act: CanaryAct; reason: string },
): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await lock(tx, eq(canary.id, id));
    if (!row) throw new AttuneError('CONFLICT', 'The canary has ended; look again.');
    await tx.update(canary).set({ reason }).where(eq(canary.id, id));
    if (act === 'pause' || act === 'resume') {
      const isPaused = act === 'pause';
      if (row.isPaused === isPaused)
        throw new AttuneError('CONFLICT', isPaused ? 'The canary is paused already.' : 'The canary is not paused.');
      await tx.update(canary).set({ isPaused }).where(eq(canary.id, id));
      await recordAudit(tx, actorId, `canary.${act}`, row.candidateVersionId, {
        phase: row.phase,
        reason,
        ...numbersOf(row),
      });
    } else await take(tx, row, act, actorId, { reason });
  });
}

/** Of the last review. */
const numbersOf = ({ verdict, progress }: Canary) => ({ guards: verdict?.guards ?? [], progress });

/** Raises, promotes or takes back inside the transaction that has locked the canary; one audit row holds the reason and the numbers. */
export async function take(
  tx: Executor,
  row: Canary,
  act: 'raise' | 'promote' | 'roll_back',
  actorId: string | null,
  why: Record<string, unknown>,
): Promise<void> {
  const { id, experimentId, phase, candidateVersionId, championVersionId } = row;
  const detail = { from: phase, ...why, ...numbersOf(row) };
  if (act === 'promote') {
    await recordAudit(tx, actorId, 'canary.promote', candidateVersionId, detail);
    await changeChampion(tx, {
      ...{ action: 'promote', versionId: candidateVersionId, expectedChampionId: championVersionId, actorId },
      because: 'canary',
    });
    return;
  }
  if (act === 'roll_back') {
    await close(tx, actorId, experimentId);
    await tx
      .update(canary)
      .set({ phase: 'rolled_back', phaseSince: sql`now()`, endedAt: sql`now()` })
      .where(eq(canary.id, id));
    await recordAudit(tx, actorId, 'canary.roll_back', candidateVersionId, detail);
    return;
  }
  const next = nextPhase(phase);
  if (!next)
    throw new AttuneError('CONFLICT', 'Half of the users have the candidate already: promote it or take it back.');
  await moveShare(tx, actorId, experimentId, RAMP[next]);
  await tx.update(canary).set({ phase: next, phaseSince: sql`now()` }).where(eq(canary.id, id));
  await recordAudit(tx, actorId, 'canary.raise', candidateVersionId, { to: next, ...detail });
}

/** The releases first, as every change of the champion does, so that no two wait for each other. */
export async function lock(tx: Executor, which: ReturnType<typeof eq>): Promise<Canary | null> {
  await lockReleases(tx);
  const [row] = await tx
    .select()
    .from(canary)
    .where(and(which, isNull(canary.endedAt)))
    .for('update');
  return row && isRamp(row.phase) ? { ...row, phase: row.phase } : null;
}
