// Reads the last experiments with what their canary's last review found, from rows alone: nothing is counted anew.
import { desc, eq } from 'drizzle-orm';
import type { Verdict } from '@/core/rollout/review';
import type { Executor } from '@/db/client';
import { canary, experiment } from '@/db/schema';
import type { TrialView } from './views';

const MOST_TRIALS = 8;

export async function readTrials(db: Executor): Promise<TrialView[]> {
  const rows = await db
    .select({ experiment, phase: canary.phase, verdict: canary.verdict })
    .from(experiment)
    .leftJoin(canary, eq(canary.experimentId, experiment.id))
    .orderBy(desc(experiment.createdAt))
    .limit(MOST_TRIALS);
  return rows.map(({ experiment: row, phase, verdict }) => ({
    id: row.id,
    name: row.name,
    candidateVersionId: row.candidateVersionId,
    championVersionId: row.championVersionId,
    share: row.share,
    isRunning: row.status === 'running',
    createdAt: row.createdAt,
    stoppedAt: row.stoppedAt,
    canary: phase && { phase, because: verdict?.because ?? null },
    sideBySide: verdict && duelOf(verdict),
  }));
}

/** Harm is half less the candidate's share. */
function duelOf({ guards }: Verdict): TrialView['sideBySide'] {
  const duel = guards.find(({ name }) => name === 'sideBySide');
  if (!duel?.harm || duel.candidate === null) return null;
  const { harm, candidate, people } = duel;
  return { value: candidate, low: 0.5 - harm.high, high: 0.5 - harm.low, people };
}
