// The script of a rollout, in which each act waits until the one before is counted and reviewed, so its outcome is one.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { asc, eq, isNull, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { CanarySettings, RAMP_PHASES } from '@/core/rollout/canary';
import { bucketOf } from '@/core/statistics/bucket';
import {
  assignment,
  audit,
  canary,
  comparison,
  experiment,
  feedback,
  figureChange,
  generation,
  release,
} from '@/db/schema';
import { type Killable, versionName } from './killable';

/** Without times, and with names in place of ids. */
export interface Outcome {
  audit: unknown[];
  canaries: unknown[];
  releases: unknown[];
  experiments: unknown[];
  answers: unknown[];
}

const ANSWERS_PER_STEP = 2;
const MOST_VOTERS = 40;
/** Who were asked before, so that one candidate's answer is no sign of a wrong division. */
const ASKED = 300;
const GIVE_UP_MS = 120_000;
const AGAIN_MS = 100;
/** A kill comes at a random moment within so long after an act has begun. */
const KILL_WITHIN_MS = 500;
/** At least so many acts are in a rollout; what is left of the kills comes in the last one. */
const ACTS = 12;

export async function runRollouts(product: Killable, rollouts: number, kills: number): Promise<Outcome> {
  const acts = rollouts * ACTS;
  let act = 0;
  const step = async (work: () => Promise<unknown>) => {
    act++;
    const due = Math.min(kills, Math.ceil((kills * act) / acts));
    const killing =
      product.killed.length < due ? sleep(KILL_WITHIN_MS * product.rng.uniform()).then(product.kill) : null;
    await insist(work);
    await killing;
    await insist(() => settle(product));
  };
  for (let at = 0; at < rollouts; at++) {
    if (at % 2 === 0) await promote(product, versionName(at), step);
    else await spoil(product, versionName(at), step);
  }
  return insist(() => readOutcome(product));
}

type Step = (work: () => Promise<unknown>) => Promise<void>;

/** Until it succeeds, as a person would who sees an error. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + GIVE_UP_MS; ; await sleep(AGAIN_MS)) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** Everything is counted, and a whole review has passed since. */
async function settle({ db }: Killable): Promise<void> {
  const reviews = async () => (await db.select().from(canary).where(isNull(canary.endedAt)))[0];
  for (;;) {
    const [pending] = await db.select().from(figureChange).limit(1);
    if (!pending) break;
    await sleep(50);
  }
  const before = await reviews();
  for (
    let now = before;
    before && now && now.id === before.id && now.reviews < before.reviews + 2;
    now = await reviews()
  )
    await sleep(50);
}

async function begin({ call, db, people }: Killable, candidateVersionId: string) {
  const find = async () => (await db.select().from(canary).where(eq(canary.candidateVersionId, candidateVersionId)))[0];
  if (!(await find())) {
    const settings = CanarySettings.parse({ minutesPerStep: 0, answersPerStep: ANSWERS_PER_STEP, margin: 0.5 });
    await call(null, 'admin.startCanary', { candidateVersionId, settings });
  }
  const row = (await find())!;
  const [own] = await db.select().from(experiment).where(eq(experiment.id, row.experimentId));
  const champions = people.filter((id) => bucketOf(own!.salt, id) > 0.5);
  const asked = champions.slice(0, ASKED).map((userId) => ({
    ...{
      experimentId: own!.id,
      userId,
      bucket: bucketOf(own!.salt, userId),
      arm: 'champion' as const,
      propensity: 0.99,
    },
  }));
  await db.insert(assignment).values(asked).onConflictDoNothing();
  return {
    id: row.id,
    champions: champions.slice(ASKED),
    candidates: people.filter((id) => bucketOf(own!.salt, id) < 0.01),
  };
}

/** A good candidate: two answers in each step, and one comparison that it wins. */
async function promote(product: Killable, candidate: string, step: Step): Promise<void> {
  await step(() => begin(product, candidate));
  const { candidates } = await insist(() => begin(product, candidate));
  for (const [at, phase] of RAMP_PHASES.entries()) {
    if (at === RAMP_PHASES.length - 1) await step(() => compare(product, candidates[0]!, `${candidate} compared`));
    for (let answer = 0; answer < ANSWERS_PER_STEP; answer++)
      await step(() => ask(product, candidates[answer]!, `${candidate} ${phase} ${answer}`));
    await insist(() => requirePhase(product, candidate, RAMP_PHASES[at + 1] ?? 'promoted'));
  }
}

/** A bad one: a person gives it to half of the users, who do not like it. */
async function spoil(product: Killable, candidate: string, step: Step): Promise<void> {
  await step(() => begin(product, candidate));
  const { id, candidates, champions } = await insist(() => begin(product, candidate));
  for (const phase of RAMP_PHASES.slice(1)) {
    await step(async () => {
      if ((await phaseOf(product, candidate)) === phase) return;
      await product.call(null, 'admin.steerCanary', { id, act: 'raise', reason: `to ${phase}` });
    });
  }
  for (let at = 0; at < MOST_VOTERS; at++) {
    if ((await insist(() => phaseOf(product, candidate))) === 'rolled_back') return;
    await step(() => vote(product, champions[at]!, `${candidate} champion ${at}`, true));
    await step(() => vote(product, candidates[at % candidates.length]!, `${candidate} candidate ${at}`, false));
  }
  await insist(() => requirePhase(product, candidate, 'rolled_back'));
}

const idOf = (key: string) => {
  const hex = createHash('sha256').update(key).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

interface Sent {
  comparisonId: string | null;
  answers: { generationId: string }[];
}

/** One message in a chat of its own; sent again, it is the same message. */
async function ask({ call, db }: Killable, userId: string, key: string, allowTraining = false): Promise<Sent> {
  const sent = await call<Sent>(userId, 'chat.send', {
    ...{
      conversationId: idOf(key),
      parentId: null,
      clientMessageId: idOf(`${key} message`),
      text: 'Hello',
      allowTraining,
    },
    sampling: { maxTokens: 4 },
  });
  for (const { generationId } of sent.answers) {
    for (const deadline = Date.now() + GIVE_UP_MS; ; await sleep(50)) {
      const [row] = await db.select().from(generation).where(eq(generation.id, generationId));
      if (row && row.status !== 'running') break;
      if (Date.now() > deadline) throw new AttuneError('UNAVAILABLE', `The answer to ${key} does not end.`);
    }
  }
  return sent;
}

async function vote(product: Killable, userId: string, key: string, up: boolean): Promise<void> {
  const { answers } = await ask(product, userId, key);
  const { generationId } = answers[0]!;
  await product.call(userId, 'feedback.give', { kind: 'thumb', generationId, value: { up } });
}

async function compare(product: Killable, userId: string, key: string): Promise<void> {
  const { call, db } = product;
  await call(null, 'admin.setSettings', { comparisonShare: 1 });
  const { comparisonId } = await ask(product, userId, key, true); // only what may be used is asked
  await call(null, 'admin.setSettings', { comparisonShare: 0 });
  const [pair] = await db.select().from(comparison).where(eq(comparison.id, comparisonId!));
  const [left] = await db.select().from(generation).where(eq(generation.id, pair!.leftGenerationId));
  const choice = left!.arm === 'candidate' ? 'left' : 'right';
  await call(userId, 'feedback.give', { kind: 'comparison', comparisonId, value: { choice } });
}

const phaseOf = async ({ db }: Killable, candidate: string) =>
  (await db.select().from(canary).where(eq(canary.candidateVersionId, candidate)))[0]!.phase;

async function requirePhase(product: Killable, candidate: string, phase: string): Promise<void> {
  const now = await phaseOf(product, candidate);
  if (now !== phase) throw new AttuneError('UNAVAILABLE', `The canary of ${candidate} is at ${now}, not at ${phase}.`);
}

async function readOutcome({ db }: Killable): Promise<Outcome> {
  const experiments = await db.select().from(experiment).orderBy(asc(experiment.createdAt));
  const names = new Map(experiments.map(({ id, name }) => [id, name]));
  const rows = await db.select().from(audit).orderBy(asc(audit.id));
  const { rows: answers } = await db.execute(sql`
    select g.version_id, g.arm, g.status, count(*) as answers, count(f.id) as votes from ${generation} g
    left join ${feedback} f on f.generation_id = g.id group by 1, 2, 3 order by 1, 2, 3`);
  return {
    audit: rows.map(({ action, actorId, subject, detail }) => ({
      ...{ action, actorId, subject: names.get(subject ?? '') ?? subject },
      detail: timeless(detail, names),
    })),
    canaries: (await db.select().from(canary).orderBy(asc(canary.createdAt))).map((row) => ({
      ...{ candidate: row.candidateVersionId, champion: row.championVersionId, phase: row.phase, reason: row.reason },
      because: row.verdict?.because,
    })),
    releases: (await db.select().from(release).orderBy(asc(release.seq))).map(
      ({ versionId, previousVersionId, action }) => ({
        ...{ versionId, previousVersionId, action },
      }),
    ),
    experiments: experiments.map(({ candidateVersionId, share, status }) => ({ candidateVersionId, share, status })),
    answers,
  };
}

/** How long people waited and how long a step took are times. */
function timeless(detail: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof detail === 'string') return names.get(detail) ?? detail;
  if (Array.isArray(detail))
    return detail.filter((one) => one?.name !== 'firstTokenMs').map((one) => timeless(one, names));
  if (detail === null || typeof detail !== 'object') return detail;
  return Object.fromEntries(
    Object.entries(detail)
      .filter(([name]) => name !== 'minutes')
      .map(([name, value]) => [name, timeless(value, names)]),
  );
}
