// The part `planted` of bench:rollout: fifty bad candidates before the gates, and before the canary with their own gate off.
import type { GateResult } from '@/core/artifact/manifest';
import { hasFailed, isAccepted } from '@/core/gates/state';
import { Rng } from '@/core/rng';
import type { ServedFigures } from '@/trainer/gates/engine/served-logits';
import { judgeGates } from '@/trainer/gates/verdict';
import { drawFigures } from './planted/draw';
import { honest, type Planted, plantKinds } from './planted/kinds';
import { ASSUMED, type CanaryOutcome, runCanary } from './planted/people';
import { simulateVoice, type Voice } from './planted/voice';
import { type PlantedWeights, plantWeights } from './planted/weights';

const SEED = 16;
/** Runs of an unchanged candidate, to count false rejections. */
const UNCHANGED = 1000;

export interface JudgedCandidate {
  kind: string;
  how: string;
  /** `answers`: a simulated policy's answers, spoiled, through the real measuring and the real gates. `engine`: weights in a real int8 engine. */
  measured: 'answers' | 'engine';
  /** The gates that failed, and whether one of its own is among them. */
  gates: string[];
  isOwn: boolean;
  passedGates: boolean;
  /** What the canary does to it if no gate stops it; weights that are not the version's are refused before anybody meets them. */
  canary: (CanaryOutcome & { refusedByEngine?: undefined }) | { refusedByEngine: boolean } | null;
}

/** Served weights that are the version's own, as every other candidate has them. */
const SOUND: ServedFigures = {
  fingerprint: { probes: [], effect: [0.3, -0.2, 0.4], parentEffect: [0, 0, 0] },
  measured: [0.3, -0.2, 0.4],
};

export async function measurePlanted() {
  const parent = simulateVoice(new Rng(SEED));
  const weights = await plantWeights();
  const candidates = [...withCanary(parent), ...weights.planted.map(judgeWeights)];
  const unchanged = countRejected(parent, UNCHANGED);
  return {
    planted: {
      n: candidates.length,
      reachedFull: candidates.filter(({ passedGates, canary }) => passedGates && reachesFull(canary)).length,
      withoutOwnGate: {
        reachedFull: candidates.filter(({ canary }) => reachesFull(canary)).length,
        takenBack: candidates.filter(({ canary }) => canary && !reachesFull(canary)).length,
      },
      trippedOwn: candidates.filter(({ isOwn }) => isOwn).length,
      unchanged,
      assumed: ASSUMED,
      goodWeights: weights.good,
      loadMs: weights.loadMs,
      candidates,
    },
  };
}

const reachesFull = (canary: JudgedCandidate['canary']) =>
  canary !== null && (canary.refusedByEngine === undefined ? canary.outcome === 'promoted' : !canary.refusedByEngine);

/** Without the canary, which takes longer. */
export function judgeCandidates(parent: Voice): (Omit<JudgedCandidate, 'canary'> & { planted: Planted })[] {
  return plantKinds(parent, new Rng(SEED)).map((planted, i) => {
    const before = { ...honest(parent), liked: planted.likedBefore };
    const drawn = { divergence: planted.divergence, served: SOUND };
    const gates = judgeGates(drawFigures(planted, before, new Rng(SEED * 1000 + i), drawn));
    const failed = namesOf(gates);
    return {
      ...{ kind: planted.kind, how: planted.how, measured: 'answers', gates: failed, planted },
      isOwn: planted.own.some((name) => failed.includes(name)),
      passedGates: isAccepted(gates),
    };
  });
}

const withCanary = (parent: Voice): JudgedCandidate[] =>
  judgeCandidates(parent).map(({ planted, ...judged }, i) => ({
    ...judged,
    canary: runCanary(planted.voice, parent, new Rng(SEED * 2000 + i)),
  }));

const judgeWeights = ({ kind, how, gate, refusal }: PlantedWeights): JudgedCandidate => ({
  ...{ kind, how, measured: 'engine', gates: namesOf([gate]) },
  ...{ isOwn: hasFailed(gate), passedGates: isAccepted([gate]), canary: { refusedByEngine: refusal !== null } },
});

const namesOf = (gates: readonly GateResult[]) => gates.filter(hasFailed).map(({ name }) => name);

/** How often each gate but the gain, which asks for more, rejects a candidate that answers just as its parent does. */
export function countRejected(parent: Voice, runs: number) {
  const byGate: Record<string, number> = {};
  const notJudged: Record<string, number> = {};
  let rejected = 0;
  for (let run = 0; run < runs; run++) {
    const rng = new Rng(50_000 + run);
    const gates = judgeGates(drawFigures(honest(parent), honest(parent), rng, { divergence: 0, served: SOUND })).filter(
      ({ name }) => name !== 'heldout_reward_gain',
    );
    for (const { name, lacks } of gates) if (lacks) notJudged[name] = (notJudged[name] ?? 0) + 1;
    const failed = namesOf(gates);
    for (const name of failed) byGate[name] = (byGate[name] ?? 0) + 1;
    if (failed.length > 0) rejected++;
  }
  return { runs, rejected, byGate, notJudged };
}
