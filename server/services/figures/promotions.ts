// Reads the promotions of trained versions: how many new votes each learned from, how old these were, and what was gained.
import { and, asc, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Promotion } from '@/core/figures/figures';
import type { Executor } from '@/db/client';
import { canary, feedback, release, version, versionFeedback } from '@/db/schema';

export interface Learned extends Promotion {
  /** Seconds from each new vote to the promotion. */
  waits: Float64Array;
}

const MOST_PROMOTIONS = 50;
/** Votes read by one statement, so that none takes long however many there are. */
const PAGE = 20_000;

/** The share of people's comparisons that a canary's last review found. */
const Reviewed = z.object({
  guards: z.array(z.object({ name: z.string(), candidate: z.number().nullable(), people: z.number() })),
});

/** By the number of the release: what a promotion was never changes, except for votes that are taken back. */
export type KeptPromotions = Map<number, Learned>;

/** Newest last. */
export async function readPromotions(db: Executor, kept: KeptPromotions): Promise<Learned[]> {
  const promotions = await db
    .select({
      seq: release.seq,
      versionId: release.versionId,
      formerId: release.previousVersionId,
      at: release.createdAt,
      gates: version.gates,
    })
    .from(release)
    .innerJoin(version, eq(version.id, release.versionId))
    .where(eq(release.action, 'promote'))
    .orderBy(desc(release.seq))
    .limit(MOST_PROMOTIONS);
  for (const { seq, versionId, formerId, at, gates } of promotions) {
    if (kept.has(seq) || formerId === null) continue;
    const waits = await waitsOf(db, { seq, versionId, at });
    const gate = gates.find(({ name }) => name === 'win_rate')?.value ?? null;
    const winRate = (await reviewedWinRate(db, versionId)) ?? gate;
    kept.set(seq, { versionId, formerId, at, votes: waits.length, winRate, waits });
  }
  return promotions.flatMap(({ seq }) => kept.get(seq) ?? []).reverse();
}

/** The votes of which no version that was released before had learned. */
async function waitsOf(db: Executor, promoted: { seq: number; versionId: string; at: Date }): Promise<Float64Array> {
  const waits: number[] = [];
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const { rows } = await db.execute<{ id: string; seconds: number; counts: boolean }>(sql`
      select page.feedback_id as id, extract(epoch from ${promoted.at}::timestamptz - f.created_at)::float8 as seconds,
        f.kind <> 'implicit' and not exists (
          select from ${versionFeedback} earlier join ${release} r on r.version_id = earlier.version_id
          where earlier.feedback_id = page.feedback_id and r.seq < ${promoted.seq}) as counts
      from (select feedback_id from ${versionFeedback}
        where version_id = ${promoted.versionId} and feedback_id > ${after} order by feedback_id limit ${PAGE}) page
      join ${feedback} f on f.id = page.feedback_id order by page.feedback_id`);
    for (const { seconds, counts } of rows) if (counts) waits.push(Math.max(0, seconds));
    if (rows.length < PAGE) return Float64Array.from(waits);
    after = rows.at(-1)!.id;
  }
}

async function reviewedWinRate(db: Executor, versionId: string): Promise<number | null> {
  const [row] = await db
    .select({ verdict: canary.verdict })
    .from(canary)
    .where(and(eq(canary.candidateVersionId, versionId), eq(canary.phase, 'promoted')))
    .orderBy(asc(canary.createdAt))
    .limit(1);
  const duel = Reviewed.safeParse(row?.verdict).data?.guards.find(({ name }) => name === 'sideBySide');
  return duel && duel.people > 0 ? duel.candidate : null;
}
