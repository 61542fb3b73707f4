// Reviews running experiments: writes down what decides one, ends those that are done, and moves shares by Thompson sampling.
import { and, eq, isNotNull, sql } from 'drizzle-orm';
import {
  type ArmVotes,
  type ExperimentPlan,
  type ExperimentVerdict,
  endsExperiment,
  isDecision,
  judgeExperiment,
  nextShare,
  readPrimary,
} from '@/core/rollout/experiment';
import { type Asked, type GuardReading, hasSkewedRatio, readGuards } from '@/core/rollout/review';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { readTrust, type TrustOf } from '@/db/raters/trust';
import { experiment } from '@/db/schema';
import type { Experiment } from '@/server/rollout/assign';
import { countAsked } from '@/server/rollout/evidence';
import { samplesOf, type Votes } from '@/server/rollout/experiment-reading';
import { readChoices, readFigures, readThumbs } from '@/server/rollout/experiment-votes';
import type { Product } from '@/server/services/product';
import { type Repetition, repeat } from '@/server/services/repeat';
import { close, moveShare } from './experiment';

const REVIEW_EVERY_MS = 30_000;

export type Planned = Experiment & { plan: ExperimentPlan };

export interface Examined {
  verdict: ExperimentVerdict;
  votes: Votes;
  samples: ArmVotes;
  guards: GuardReading[];
  asked: Asked[];
  days: number;
}

export async function examine(db: Executor, row: Planned, trustOf: TrustOf): Promise<Examined> {
  const [thumbs, choices, figures, asked, days] = await Promise.all([
    readThumbs(db, row),
    readChoices(db, row),
    readFigures(db, row),
    countAsked(db, row.id),
    countDays(db, row),
  ]);
  const votes = { thumbs, choices, trustOf };
  const samples = samplesOf(votes);
  const guards = readGuards({
    champion: { ...figures.champion, thumbs: samples.champion },
    candidate: { ...figures.candidate, thumbs: samples.candidate },
    sideBySide: samples.sideBySide,
  });
  const { plan, needed } = row;
  const verdict = judgeExperiment(plan, {
    ...{ votes: samples, guards, needed, days },
    reading: needed && readPrimary(plan.metric, samples, needed.readOnce),
    isSkewed: hasSkewedRatio(asked),
  });
  return { verdict, votes, samples, guards, asked, days };
}

async function countDays(db: Executor, { createdAt, stoppedAt }: Experiment): Promise<number> {
  const until = stoppedAt ? sql`${stoppedAt}::timestamptz` : sql`now()`;
  const { rows } = await db.execute<{ days: number }>(
    sql`select extract(epoch from ${until} - ${createdAt}::timestamptz)::float8 / 86400 as days`,
  );
  return rows[0]!.days;
}

/** In each web process; whichever reviews first acts, and the others find it done. */
export function followExperiments(product: Product, everyMs = REVIEW_EVERY_MS): Repetition {
  return repeat(product, { everyMs, failure: 'a review of experiments failed' }, () => reviewAll(product));
}

async function reviewAll({ db }: Product): Promise<void> {
  const rows = await db
    .select()
    .from(experiment)
    .where(and(eq(experiment.status, 'running'), isNotNull(experiment.plan)));
  if (rows.length === 0) return;
  const trustOf = await readTrust(db);
  for (const row of rows) await reviewOne(db, { ...row, plan: row.plan! }, trustOf);
}

/** Nothing happens if a person or another process has ended or decided it since its row was read. */
async function reviewOne(db: Product['db'], row: Planned, trustOf: TrustOf): Promise<void> {
  const { verdict, samples } = await examine(db, row, trustOf);
  const hours = (Date.now() - +row.shareSince) / 3_600_000;
  const share = isDecision(verdict.outcome) ? null : nextShare(row.plan, { share: row.share, hours, votes: samples });
  if (share === null && (!isDecision(verdict.outcome) || row.decision !== null)) return;
  await db.transaction(async (tx) => {
    const [now] = await tx.select().from(experiment).where(eq(experiment.id, row.id)).for('update');
    if (now?.status !== 'running' || +now.shareSince !== +row.shareSince) return;
    if (share !== null) {
      await moveShare(tx, null, row.id, share, { because: 'thompson' });
      return;
    }
    if (now.decision !== null) return;
    await tx.update(experiment).set({ decision: verdict, decidedAt: sql`now()` }).where(eq(experiment.id, row.id));
    await recordAudit(tx, null, 'experiment.decide', row.id, { ...verdict });
    if (endsExperiment(verdict.outcome)) await close(tx, null, row.id, { because: verdict.outcome });
  });
}
