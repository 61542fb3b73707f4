// Writes a run that has ended, with its curves, its gates and its version's answers, as a trainer leaves it.
import { randomUUID } from 'node:crypto';
import type { Manifest } from '@/core/artifact/manifest';
import { EXAMPLE_QUESTIONS } from '@/core/gates/example-questions';
import { type Statement, sayVerdict } from '@/core/verdict';
import type { Database } from '@/db/client';
import * as schema from '@/db/schema';

const GATES: Manifest['gates'] = [
  { name: 'parity', value: 0.0004, threshold: 0.01, bound: 'max', passed: true },
  { name: 'kl_budget', value: 3.2, threshold: 8, bound: 'max', passed: true },
  { name: 'degenerate_answers', value: 0.09, threshold: 0.05, bound: 'max', passed: false },
];
const STEPS = 40;

/** Rejected, because too many of its answers are nearly empty. Returns its id and its version's. */
export async function addPastRun(db: Database, { minutes, seed }: { minutes: number; seed: number }) {
  const [runId, snapshotId, versionId] = [randomUUID(), randomUUID(), `v-rejected-${seed}`];
  const [base] = await db.select().from(schema.version).limit(1);
  const counts = { 'thumb/train': 150, 'thumb/heldout': 20, 'prompt/train': 60, 'prompt/heldout': 9 };
  await db.insert(schema.snapshot).values({ id: snapshotId, sha256: '0', counts, frozenUpTo: new Date(0) });
  const findings = GATES.filter(({ passed }) => !passed);
  const statements: Statement[] = [{ code: 'rejected', version: versionId, findings }];
  const began = Date.now() - 3_600_000;
  await db.insert(schema.trainingRun).values({
    ...{ id: runId, trigger: 'button', config: { preset: 'demo-cpu', seed }, parentVersionId: 'base', snapshotId },
    ...{ status: 'rejected', stage: 'publish', attempt: 1, resultVersionId: versionId, statements },
    verdict: sayVerdict(statements),
    ...{ createdAt: new Date(began), startedAt: new Date(began), finishedAt: new Date(began + minutes * 60_000) },
  });
  const examples = EXAMPLE_QUESTIONS.map((question) => ({
    question,
    before: 'A long answer, as it was before.',
    after: 'A short one.',
  }));
  const { baseId, baseSha256 } = base!;
  const manifest: Manifest = {
    ...{ format: 1, versionId, baseId, baseSha256: '0'.repeat(64), parentVersionId: 'base', runId, snapshotId },
    ...{ snapshotSha256: null, gates: GATES, examples, createdAt: new Date(began).toISOString(), files: {} },
  };
  await db.insert(schema.version).values({
    ...{ id: versionId, parentId: 'base', runId, snapshotId, baseId, baseSha256, status: 'rejected' },
    ...{ manifest, gates: GATES },
  });
  await db.insert(schema.runMetric).values(pointsOf(seed).map((point) => ({ runId, ...point })));
  return { runId, versionId };
}

function pointsOf(seed: number) {
  const wave = (step: number) => Math.sin(step + seed) / 10;
  const policy = Array.from({ length: STEPS }, (_, step) => ({
    stage: 'ppo',
    step,
    metrics: {
      'objective/scores': step / 20 + wave(step),
      'objective/kl': step / 12,
      'objective/kl_coef': 0.1,
      'response_length/mean': 60 - step - 5 * wave(step),
      'policy/entropy_avg': 2 - step / 80,
      'loss/policy_avg': wave(step),
      'costs/profanity': 0.1 - step / 1000,
    },
  }));
  const reward = Array.from({ length: 4 }, (_, step) => ({
    stage: 'reward_model',
    step,
    metrics: { loss: 0.7 - step / 20, eval_accuracy: 0.6 + step / 30, eval_examples: 20 },
  }));
  return [...reward, ...policy];
}
