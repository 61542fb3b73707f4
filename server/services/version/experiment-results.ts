// What an experiment has found so far, for the page: the verdict, the arms, the guards, and the metric from several sides.
import { eq, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { ExperimentPlan } from '@/core/rollout/experiment';
import type { Executor } from '@/db/client';
import { readTrust } from '@/db/raters/trust';
import { assignment, experiment } from '@/db/schema';
import { readSettings } from '@/db/settings';
import { countPeople, type Experiment } from '@/server/rollout/assign';
import { readAdjusted, readByLanguage, readForEverybody, readOverTime } from '@/server/rollout/experiment-reading';
import { readBefore, sidesOf } from '@/server/rollout/experiment-votes';
import { judge, NO_JUDGEMENT } from '@/server/rollout/metrics';
import { countHits, NO_HITS } from '@/server/rollout/rule-hits';
import type { Product } from '@/server/services/product';
import { view } from './experiment';
import { readTraffic } from './experiment-forecast';
import { examine } from './experiment-review';
import type { ArmView, ExperimentFindingsView, ExperimentResultsView } from './views';

export async function results({ db }: Product, id: string): Promise<ExperimentResultsView> {
  const [row] = await db.select().from(experiment).where(eq(experiment.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no experiment ${id}.`);
  const { key, where } = sidesOf(row);
  const trustOf = await readTrust(db);
  const [judged, hits, people, exposed] = await Promise.all([
    judge(db, key, where, trustOf),
    countHits(db, key, where),
    countPeople(db, row),
    countExposed(db, id),
  ]);
  const arm = (name: 'champion' | 'candidate', versionId: string | null): ArmView => ({
    versionId,
    users: people[name],
    ...(judged.get(name) ?? NO_JUDGEMENT),
    rules: hits.get(name) ?? NO_HITS,
  });
  const onSettings = row.change !== null;
  return {
    experiment: view(row),
    exposed,
    champion: arm('champion', onSettings ? null : row.championVersionId),
    candidate: arm('candidate', row.candidateVersionId),
    findings: row.plan && (await find(db, row, row.plan, trustOf)),
  };
}

async function countExposed(db: Executor, id: string): Promise<number> {
  const [row] = await db
    .select({ exposed: sql`count(${assignment.exposedAt})`.mapWith(Number) })
    .from(assignment)
    .where(eq(assignment.experimentId, id));
  return row!.exposed;
}

async function find(
  db: Executor,
  row: Experiment,
  plan: ExperimentPlan,
  trustOf: Awaited<ReturnType<typeof readTrust>>,
): Promise<ExperimentFindingsView> {
  const { verdict, votes, guards, asked } = await examine(db, { ...row, plan }, trustOf);
  const before = await readBefore(db, row, [...new Set(votes.thumbs.map(({ person }) => person))]);
  const { peoplePerDay } = await readTraffic(db, plan.metric === 'thumbs' ? 'thumb' : 'comparison');
  const { holdoutShare } = await readSettings(db);
  const perDay = peoplePerDay * (row.segmentTo - row.segmentFrom) * (1 - holdoutShare);
  const readOnce = row.needed?.readOnce ?? 1000;
  const past = row.needed ? readOverTime(plan.metric, votes, readOnce) : [];
  return {
    verdict: row.decision ?? verdict,
    reading: verdict.reading,
    votes: plan.metric === 'thumbs' ? votes.thumbs.length : votes.choices.length,
    days: verdict.more !== null && perDay > 0 ? verdict.more / perDay : null,
    guards,
    asked,
    past,
    adjusted: row.needed && readAdjusted(votes, before, readOnce),
    forEverybody: {
      champion: readForEverybody(votes, before, 'champion', readOnce),
      candidate: readForEverybody(votes, before, 'candidate', readOnce),
    },
    languages: readByLanguage(votes, readOnce),
  };
}
