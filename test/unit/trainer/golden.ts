// Reads the published test vectors, with the helpers that compare ragged rows to their padded ones.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

type Matrix = number[][];
interface Golden {
  inputs: {
    logprobs: Matrix;
    ref_logprobs: Matrix;
    new_logprobs: Matrix;
    rollout_logprobs_engine: Matrix;
    values: Matrix;
    vpred: Matrix;
    mask: Matrix;
    score: number[];
    kl_coef: number;
    gamma: number;
    lam: number;
    cliprange: number;
  };
  kl_k1: Matrix;
  kl_k2: Matrix;
  kl_k3: Matrix;
  trl: { advantages_whitened: Matrix; returns: Matrix; pg_loss: number; vf_loss: number; approxkl_masked_mean: number };
  openrlhf: {
    rewards: Matrix;
    advantages_raw: Matrix;
    returns: Matrix;
    advantages_normed: Matrix;
    policy_loss: number;
    value_loss: number;
    clip_ratio: number;
    'policy_loss_tis_0.5_2': number;
  };
  verl: { advantages: Matrix; pg_loss: number; vf_loss: number; vf_clipfrac: number };
  verl_multiturn_gae: { rewards: number[]; values: number[]; mask: number[]; adv: Matrix; returns: Matrix };
  dual_clip: { plain: number; dual3: number };
  rm: { chosen: number[]; rejected: number[]; margin: number[]; bt: number; bt_margin: number; centered_0_01: number };
  adaptive_kl: { init: number; target: number; horizon: number; n_steps: number; kls: number[]; values: number[] };
  whiten_blog: { trl_unbiased_shiftfalse: Matrix; biased_shiftfalse: Matrix };
  lagrange: {
    init: number;
    lr: number;
    threshold: number;
    lambda_max: number;
    episode_costs: number[];
    lambdas: number[];
  };
}

export const golden: Golden = JSON.parse(readFileSync('test/fixtures/rlhf-golden.json', 'utf8'));

/** The response lengths of the vectors' two answers. */
export const LENGTHS = [5, 3];

/** Cuts the padding off, so that rows are as ragged as the trainer's. */
export const ragged = (rows: number[][]) => rows.map((row, i) => row.slice(0, LENGTHS[i]));

/** Every value within 2e-6: the vectors are printed with six decimals. */
export function expectClose(actual: Iterable<number>, expected: readonly number[], tolerance = 2e-6): void {
  const values = [...actual];
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `index ${i}: ${value} for ${expected[i]}`).toBeLessThan(tolerance);
  });
}

/** Compares a gradient with central differences of `loss` around `at`. */
export function expectGradient(
  loss: (x: number[]) => number,
  at: readonly number[],
  gradient: ArrayLike<number>,
  tolerance = 1e-5,
): void {
  const step = 1e-5;
  at.forEach((_, i) => {
    const shifted = (by: number) => loss(at.map((x, j) => (j === i ? x + by : x)));
    const slope = (shifted(step) - shifted(-step)) / (2 * step);
    expect(Math.abs(slope - gradient[i]!), `d/dx[${i}]: ${gradient[i]} for ${slope}`).toBeLessThan(tolerance);
  });
}
