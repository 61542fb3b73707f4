// Reads experiments after every vote: how often equal arms are told apart, and how soon unequal ones.
import { join } from 'node:path';
import { runPython, setupPeerPython } from '@/bench/peers/python';
import { Rng } from '@/core/rng';
import { ExperimentPlan, neededPeople, readPrimary } from '@/core/rollout/experiment';
import { type Sample, shareLogEvidence } from '@/core/statistics/confidence-sequence';
import { POWER } from '@/core/statistics/experiments/sample-size';
import { normalQuantile } from '@/core/statistics/normal';
import { env } from '@/product/env';

const EXPERIMENTS = 1000;
const VOTES = 2000;
const ALPHA = 0.05;
const TUNING = 100;
const LIKED = 0.6;
const NO_VOTES: Sample = { mean: 0, variance: 0, n: 0 };

const STREAMS = 200;
const RATES = [0.55, 0.6, 0.65, 0.7];
const MOST_VOTES = 20_000;
const SCRIPT = join(import.meta.dirname, '../peers/sequences.py');

export async function measurePeeking() {
  const alarms = countFalseAlarms();
  return {
    falsePositives: Math.max(alarms.comparisons, alarms.thumbsPlannedSmall, alarms.thumbsPlannedLarge),
    peeking: { experiments: EXPERIMENTS, votes: VOTES, ...alarms },
    votesToDetect: await compareDetection(),
  };
}

/** Effects for which an experiment is planned; the smaller, the later its intervals are tightest. */
const PLANNED = { small: 0.05, large: 0.2 };

/** Shares of A/A experiments that ever look decided. The fixed-horizon test is read as often, which it is not made for. */
function countFalseAlarms() {
  const alarms = { comparisons: 0, thumbsPlannedSmall: 0, thumbsPlannedLarge: 0, fixedHorizonPeeked: 0 };
  const planFor = (smallestEffect: number) =>
    neededPeople(ExperimentPlan.parse({ smallestEffect }), LIKED, 0.5)!.readOnce;
  const readOnce = { thumbsPlannedSmall: planFor(PLANNED.small), thumbsPlannedLarge: planFor(PLANNED.large) };
  const z = normalQuantile(1 - ALPHA / 2);
  for (let run = 0; run < EXPERIMENTS; run++) {
    const rng = new Rng(70_000 + run);
    const found = {
      comparisons: false,
      thumbsPlannedSmall: false,
      thumbsPlannedLarge: false,
      fixedHorizonPeeked: false,
    };
    const arms: [Sample, Sample] = [NO_VOTES, NO_VOTES];
    let wins = 0;
    for (let vote = 1; vote <= VOTES; vote++) {
      if (rng.uniform() < 0.5) wins++;
      if (shareLogEvidence(wins, vote, 0.5, { tuning: TUNING }) > Math.log(1 / ALPHA)) found.comparisons = true;
      const side = rng.uniform() < 0.5 ? 0 : 1;
      arms[side] = addShare(arms[side], rng.uniform() < LIKED ? 1 : 0);
      for (const name of ['thumbsPlannedSmall', 'thumbsPlannedLarge'] as const) {
        const [champion, candidate] = arms;
        const reading = readPrimary('thumbs', { champion, candidate, sideBySide: NO_VOTES }, readOnce[name]);
        if (reading && (reading.low > 0 || reading.high < 0)) found[name] = true;
      }
      if (Math.min(arms[0].n, arms[1].n) < 10) continue;
      const error = Math.sqrt(arms[0].variance / arms[0].n + arms[1].variance / arms[1].n);
      if (Math.abs(arms[1].mean - arms[0].mean) > z * error) found.fixedHorizonPeeked = true;
    }
    for (const name of Object.keys(alarms) as (keyof typeof alarms)[]) if (found[name]) alarms[name]++;
  }
  return Object.fromEntries(
    Object.entries(alarms).map(([name, count]) => [name, count / EXPERIMENTS]),
  ) as typeof alarms;
}

/** Of values 0 and 1, the variance follows from the mean. */
function addShare({ mean, n }: Sample, value: number): Sample {
  const next = (mean * n + value) / (n + 1);
  return { mean: next, variance: next * (1 - next), n: n + 1 };
}

/** Votes until 80 % of the streams have decided, as many as the fixed-horizon test is planned to decide. */
async function compareDetection() {
  const pythons = {
    confseq: await setupPeerPython('confseq', env.dataFolder, console.log),
    expectation: await setupPeerPython('expectation', env.dataFolder, console.log),
  };
  const rows = [];
  for (const rate of RATES) {
    const streams = Array.from({ length: STREAMS }, (_, run) => untilDetected(new Rng(90_000 + run), rate));
    const ours = streams.map(evidenceOf);
    const [confseq, expectation] = await Promise.all(
      (['confseq', 'expectation'] as const).map(async (name) => askPeer(pythons[name], name, streams)),
    );
    rows.push({
      rate,
      streams: STREAMS,
      ours: votesUntil(POWER, ours),
      fixedHorizon: fixedHorizon(rate),
      confseq: votesUntil(POWER, confseq!),
      expectation: votesUntil(POWER, expectation!),
      oursMedian: votesUntil(0.5, ours),
      largestDifference: Math.max(largestDifference(ours, confseq!), largestDifference(ours, expectation!)),
    });
  }
  return rows;
}

/** The votes up to the decision; later ones change nothing. */
function untilDetected(rng: Rng, rate: number): number[] {
  const votes: number[] = [];
  let wins = 0;
  while (votes.length < MOST_VOTES) {
    const vote = rng.uniform() < rate ? 1 : 0;
    votes.push(vote);
    wins += vote;
    if (shareLogEvidence(wins, votes.length, 0.5, { tuning: TUNING }) > Math.log(1 / ALPHA)) break;
  }
  return votes;
}

function evidenceOf(votes: readonly number[]): number[] {
  let wins = 0;
  return votes.map((vote, i) => {
    wins += vote;
    return shareLogEvidence(wins, i + 1, 0.5, { tuning: TUNING });
  });
}

const askPeer = async (python: string, name: string, streams: number[][]) =>
  JSON.parse(
    await runPython(python, [SCRIPT], JSON.stringify({ package: name, tuning: TUNING, streams })),
  ) as number[][];

function votesUntil(share: number, evidence: readonly number[][]): number {
  const votes = evidence.map((log) => log.findIndex((value) => value > Math.log(1 / ALPHA)) + 1 || MOST_VOTES);
  return votes.sort((a, b) => a - b)[Math.ceil(votes.length * share) - 1]!;
}

/** Votes that must be fixed beforehand, with a guess of the rate that happens to be right. */
function fixedHorizon(rate: number): number {
  const z = normalQuantile(1 - ALPHA / 2) * 0.5 + normalQuantile(POWER) * Math.sqrt(rate * (1 - rate));
  return Math.ceil((z / (rate - 0.5)) ** 2);
}

const largestDifference = (ours: readonly number[][], theirs: readonly number[][]): number =>
  Math.max(...ours.map((stream, i) => stream.reduce((most, v, k) => Math.max(most, Math.abs(v - theirs[i]![k]!)), 0)));
