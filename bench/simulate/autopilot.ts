// The loop without a human act: people chat and vote, and the product trains, judges, rolls out and takes back by itself.
//
// An admin's settings are made once, before anyone chats. Two planted bad versions are the only other acts from outside.

import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { TriggerSettings } from '@/core/settings';
import { getDatabase } from '@/db/client';
import { castCrowd } from './archetypes';
import { measure, plainSampling, voteOnce } from './crowd';
import { watchDowntime } from './downtime';
import { type OneRunOptions, summarise } from './one-run';
import { plantAccepted, RECKLESS } from './plant';
import { splitPrompts } from './prompts';
import { type World, withWorld } from './world';

export interface AutopilotOptions extends Omit<OneRunOptions, 'rounds'> {
  preset: TriggerSettings['preset'];
  /** Unused votes that start a run. */
  votes: number;
  /** Promotions to wait for. */
  generations: number;
}

const WIDTH = 8;
const SAMPLES_PER_PROMPT = 2;
/** Between two questions of the only person who asks while a run trains; it shares the processor. */
const PAUSE_MS = 5000;
const LOOK_MS = 1000;
const MOST_MINUTES = 180;
/** Quick steps: what holds a canary is the evidence, not the clock. */
const CANARY = { minutesPerStep: 0, answersPerStep: 20, margin: 0.1, mostDays: 1 };

interface Moment {
  championId: string;
  isTraining: boolean;
  /** The running canary's candidate. */
  candidateId: string | null;
}

export async function simulateAutopilot(options: AutopilotOptions): Promise<void> {
  const { preference, preferenceName, seed, generations } = options;
  const { voted, heldOut } = splitPrompts(seed, options.heldout);
  const asked = Array.from({ length: SAMPLES_PER_PROMPT }, () => heldOut).flat();
  const startedAt = performance.now();
  const minutes = () => (performance.now() - startedAt) / 60_000;
  const say = (text: string) => console.log(`  ${minutes().toFixed(1).padStart(6)} min  ${text}`);
  await withWorld({ name: `autopilot-${seed}`, people: options.people, keep: options.keep }, async (world) => {
    const { admin, people } = world;
    await admin.admin.setSettings.mutate({
      comparisonShare: 1,
      sampling: plainSampling(options.maxTokens),
      autoCanary: true,
      canary: CANARY,
      trigger: {
        feedbackCount: options.votes,
        scheduleHours: null,
        scheduleHour: null,
        onDrift: false,
        preset: options.preset,
      },
    });
    const downtime = watchDowntime(world.url);
    const hiddenScoreOf = async () => {
      const answers = await measure(people, asked, preference, WIDTH, () => {});
      return summarise(answers.map(({ score }) => score));
    };
    const crowd = startCrowd(world, options, voted, downtime.watch);
    try {
      const hiddenScore = [{ versionId: (await look(world)).championId, ...(await hiddenScoreOf()) }];
      say(`hidden score of the base ${hiddenScore[0]!.mean.toFixed(3)}`);
      const planted: string[] = [];
      let now = await look(world);
      while (hiddenScore.length <= generations) {
        if (minutes() > MOST_MINUTES)
          throw new AttuneError('INTERNAL', `Only ${hiddenScore.length - 1} promotions in ${MOST_MINUTES} minutes.`);
        await sleep(LOOK_MS);
        const before = now;
        now = await look(world);
        crowd.pace(now.isTraining && !now.candidateId ? 'slow' : 'full');
        if (now.isTraining !== before.isTraining) say(now.isTraining ? 'a run has begun' : await lastRun(world));
        if (now.candidateId !== before.candidateId) say(await lastCanary(world));
        if (now.championId !== before.championId) {
          crowd.pace('still');
          hiddenScore.push({ versionId: now.championId, ...(await hiddenScoreOf()) });
          say(`${now.championId} serves: hidden score ${hiddenScore.at(-1)!.mean.toFixed(3)}`);
        }
        const isQuiet = !now.isTraining && !now.candidateId;
        if (hiddenScore.length === 2 && planted.length === 0 && isQuiet) {
          const { id } = await admin.admin.startRun.mutate({ config: { ...options.config, ...RECKLESS, seed } });
          planted.push(`run ${id}`);
          say('planted: a run with reckless settings');
        } else if (planted.length === 1 && before.isTraining && !now.isTraining) {
          planted.push(await plantAccepted(world, now.championId));
          say('planted: a version that no gate has stopped');
        }
      }
      await crowd.close();
      const { downtimeMs, requests, failedRequests } = await downtime.close();
      const result = {
        preference: preferenceName,
        seed,
        crowd: options.crowd,
        people: people.length,
        hiddenScore,
        rises: hiddenScore.every(({ mean }, i) => i === 0 || mean > hiddenScore[i - 1]!.mean),
        plantedServed: hiddenScore.filter(({ versionId }) => versionId.endsWith('-planted')).length,
        runs: (await admin.admin.runs.query()).map(({ id, status, verdict }) => ({ id, status, verdict })),
        canaries: (await admin.admin.canaries.query()).map(({ candidateVersionId, phase, verdict }) => ({
          candidateVersionId,
          phase,
          because: verdict?.because ?? null,
        })),
        downtimeMs,
        requests,
        failedRequests,
        ...(await readVoteToBehaviour(world)),
        votesPerPoint: await votesPerPoint(world, hiddenScore.at(-1)!.mean - hiddenScore[0]!.mean),
        minutes: minutes(),
      };
      await writeFile(options.out, `${JSON.stringify(result, null, 2)}\n`);
      console.log(JSON.stringify(result, null, 2));
    } finally {
      await crowd.close();
    }
  });
}

type Pace = 'still' | 'slow' | 'full';

/** People ask and vote in turn, until the crowd is closed. */
function startCrowd(
  { people }: World,
  { crowd, preference, noise, seed }: AutopilotOptions,
  prompts: readonly string[],
  watch: <T>(request: Promise<T>) => Promise<T>,
) {
  const archetypes = castCrowd(crowd, people.length);
  let pace: Pace = 'full';
  let isClosed = false;
  let next = 0;
  const seat = async (index: number) => {
    while (!isClosed) {
      if (pace === 'still' || (pace === 'slow' && index > 0)) {
        await sleep(LOOK_MS);
        continue;
      }
      const turn = next++;
      const prompt = prompts[turn % prompts.length]!;
      // A failed request is counted by `watch`; the person asks something else next.
      await watch(voteOnce({ people, archetypes, preference, noise, seed }, prompt, turn)).catch(() => sleep(LOOK_MS));
      if (pace === 'slow') await sleep(PAUSE_MS);
    }
  };
  const seats = Array.from({ length: WIDTH }, (_, index) => seat(index));
  return {
    pace(wanted: Pace) {
      pace = wanted;
    },
    async close() {
      isClosed = true;
      await Promise.all(seats);
    },
  };
}

async function look({ admin }: World): Promise<Moment> {
  const [{ champion }, runs, canaries] = await Promise.all([
    admin.admin.overview.query(),
    admin.admin.runs.query(),
    admin.admin.canaries.query(),
  ]);
  return {
    championId: champion.versionId,
    isTraining: runs.some(({ status }) => status === 'queued' || status === 'running'),
    candidateId: canaries.find(({ endedAt }) => endedAt === null)?.candidateVersionId ?? null,
  };
}

async function lastRun({ admin }: World): Promise<string> {
  const [run] = await admin.admin.runs.query();
  return `the run ended as ${run!.status}: ${run!.verdict}`;
}

async function lastCanary({ admin }: World): Promise<string> {
  const [canary] = await admin.admin.canaries.query();
  return `canary of ${canary!.candidateVersionId}: ${canary!.phase} (${canary!.verdict?.because ?? 'begun'})`;
}

/** From each vote that a promoted version learnt from to that version's promotion. */
async function readVoteToBehaviour({ databaseUrl }: World) {
  const { rows } = await getDatabase(databaseUrl).execute<{ version: string; median: number; slowest: number }>(sql`
    with wait as (
      select r.version_id as version, extract(epoch from r.created_at - f.updated_at) / 60 as minutes
      from release r join version_feedback v on v.version_id = r.version_id join feedback f on f.id = v.feedback_id
      where r.action = 'promote')
    select version, percentile_cont(0.5) within group (order by minutes)::float8 as median,
      max(minutes)::float8 as slowest from wait group by version`);
  const medians = rows.map(({ median }) => median).sort((a, b) => a - b);
  return { voteToBehaviourMinutes: medians.at(-1) ?? null, voteToBehaviour: rows };
}

/** Votes that the promoted versions learnt from, for each hundredth of hidden score. */
async function votesPerPoint({ databaseUrl }: World, gain: number): Promise<number> {
  const { rows } = await getDatabase(databaseUrl).execute<{ n: string }>(sql`
    select count(distinct feedback_id) as n from version_feedback
    where version_id in (select version_id from release where action = 'promote')`);
  return Number(rows[0]!.n) / (100 * gain);
}
