// The gate on improvement: the candidate's gain over its parent must be larger than luck explains.
import type { GateResult } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import { LEAST_HELD_OUT } from '@/core/snapshot/least';
import { HELD_OUT_SHARE } from '@/trainer/data/split';
import { above } from '../gate';

/** What must have improved, pair by pair. */
export interface GainFigures {
  /** What is measured: the reward of the answers or, without a reward model, the log-likelihood of demonstrations in nats per token. */
  name: 'heldout_reward_gain' | 'heldout_demonstration_gain';
  candidate: readonly number[];
  parent: readonly number[];
  /** The prompt of each pair, as a key: answers to one prompt are not independent. */
  prompts: readonly string[];
}

/** A gain within this many standard errors may be luck. */
const STANDARD_ERRORS = 2;

export function judgeGain(figures: GainFigures): GateResult {
  const { mean, standardError, pairs, prompts } = pairedGain(figures);
  const note =
    `Mean over ${pairs} pairs for ${prompts} prompts; standard error ${standardError.toPrecision(2)}, ` +
    `and the gain must exceed ${STANDARD_ERRORS} of them.`;
  return above(figures.name, mean, STANDARD_ERRORS * standardError, note, {
    ...{ pairs, prompts, standardError },
    needed: mean > 0 ? neededPrompts(mean, standardError, prompts) : 0,
  });
}

/** All prompts, of which a share is held out, with which the same mean would exceed luck; the error falls with their root. */
function neededPrompts(mean: number, standardError: number, prompts: number): number {
  const heldOut = prompts * ((STANDARD_ERRORS * standardError) / mean) ** 2;
  return roundUp(heldOut / HELD_OUT_SHARE);
}

/** To two digits: more would be made up. */
function roundUp(count: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return Math.ceil(count / step) * step;
}

/**
 * Mean difference between two policies over answers to the same prompt under the same seed. The standard error is the
 * larger of two: that of independent pairs, and that of prompts that each have their own gain (Liang and Zeger 1986,
 * with G / (G - 1)). Throws BAD_INPUT for fewer than two prompts, which say nothing about others.
 */
export function pairedGain({ candidate, parent, prompts }: Omit<GainFigures, 'name'>) {
  const differences = candidate.map((x, i) => x - parent[i]!);
  const pairs = differences.length;
  const mean = differences.reduce((a, b) => a + b, 0) / pairs;
  const squares = differences.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const byPrompt = new Map<string, number>();
  differences.forEach((x, i) => {
    byPrompt.set(prompts[i]!, (byPrompt.get(prompts[i]!) ?? 0) + x - mean);
  });
  const groups = byPrompt.size;
  if (groups < LEAST_HELD_OUT) {
    throw new AttuneError(
      'BAD_INPUT',
      `A gain needs at least ${LEAST_HELD_OUT} held-out prompts to be judged, and there is ${groups}. Collect more prompts.`,
    );
  }
  const clustered = [...byPrompt.values()].reduce((sum, x) => sum + x ** 2, 0) / pairs ** 2;
  const variance = Math.max(squares / ((pairs - 1) * pairs), clustered * (groups / (groups - 1)));
  return { mean, standardError: Math.sqrt(variance), pairs, prompts: groups };
}
