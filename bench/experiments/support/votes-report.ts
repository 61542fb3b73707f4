// Reports what the experiment on votes has measured so far: a file of figures, a chart, and a line on the console.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { resultPath } from '@/bench/results';
import type { HiddenPreference } from '@/bench/simulate/preferences';
import type { Gain } from './policy-gain';
import type { SampledCompletion } from './sampled-answers';
import { votesChart } from './votes-chart';

export interface SizeResult {
  votes: number;
  /** Votes that are not ties. */
  decided: number;
  /** Held-out votes that are not ties. */
  decidedHeldOut: number;
  seconds: number;
  /** On held-out votes, some of which the noise has turned round. */
  accuracy: number;
  /** Against the preference itself. */
  accuracyWithoutNoise: number;
  lengthBaseline: number;
  lengthBaselineWithoutNoise: number;
  ece: number;
}

export interface VotesReport {
  /** The name of the hidden preference. */
  preference: string;
  score: HiddenPreference;
  noise: number;
  seed: number;
  /** The answers that were voted on. */
  completions: readonly SampledCompletion[];
  results: readonly SizeResult[];
  ppo: { votes: number; settings: object; gain: Gain | null };
  /** The file of figures, with the chart beside it; otherwise both go where the documents have them. */
  out: string | undefined;
}

export function reportVotes({ preference, score, noise, seed, completions, results, ppo, ...rest }: VotesReport): void {
  const out = rest.out ?? resultPath(`votes-${preference}`);
  const scores = completions.map(score);
  const summary = {
    preference,
    noise,
    seed,
    completions: {
      count: completions.length,
      endedShare: completions.filter(({ ended }) => ended).length / completions.length,
      meanScore: scores.reduce((a, b) => a + b, 0) / scores.length,
    },
    results,
    leastVotesAboveChance: results.find(isAboveChance)?.votes ?? null,
    ...(ppo.gain && { ppo: { votes: ppo.votes, settings: ppo.settings, ...ppo.gain } }),
  };
  mkdirSync(path.dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(summary, null, 2)}\n`);
  const chart = votesChart(
    results.map((result) => ({
      ...result,
      accuracy: result.accuracyWithoutNoise,
      lengthBaseline: result.lengthBaselineWithoutNoise,
    })),
    preference,
  );
  writeFileSync(rest.out ? `${out}.svg` : path.join('docs', `votes-${preference}.svg`), chart);
  const { votes, accuracyWithoutNoise: right, lengthBaselineWithoutNoise: length } = results.at(-1)!;
  console.log(`${votes} votes: ${(100 * right).toFixed(1)} % right, length alone ${(100 * length).toFixed(1)} %`);
  if (!ppo.gain) return;
  const { startDeviations, kl, after } = ppo.gain;
  console.log(
    `PPO on the model of ${ppo.votes}: ${startDeviations.toFixed(2)} start deviations of the preference at ` +
      `${kl.mean.toFixed(2)} nats, ${(100 * after.endedShare).toFixed(0)} % ended`,
  );
}

/** Above chance by two standard errors of a fair coin over the same number of held-out votes. */
const isAboveChance = ({ accuracy, decidedHeldOut }: SizeResult) => accuracy > 0.5 + 1 / Math.sqrt(decidedHeldOut);
