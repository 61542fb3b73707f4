// The gate on the held-out gain rejects luck and passes a real gain; gates, trials and verdicts follow their limits.
import { describe, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { reasonOf, sayVerdict } from '@/core/verdict';
import type { CompletionFigures } from '@/trainer/gates/answers';
import { judgeConstraints } from '@/trainer/gates/constraint-rates';
import { pairedGain } from '@/trainer/gates/gain';
import { judgeProbes } from '@/trainer/gates/probes/gates';
import type { Probes } from '@/trainer/gates/probes/measure';
import { SAFE_PROMPTS, UNSAFE_PROMPTS } from '@/trainer/gates/probes/prompts';
import { judgeGates, judgeTrial, verdictOf } from '@/trainer/gates/verdict';

const FIGURES: CompletionFigures = {
  count: 64,
  endRate: 1,
  degenerateShare: 0,
  distinctShare: 1,
  constraintRates: {},
  constraintTargets: {},
};

const NO_CHANGE = { candidate: [0, 0], parent: [0, 0], prompts: ['a', 'b'] };
const NO_PROBES: Probes = { unsafeComplied: NO_CHANGE, safeRefused: NO_CHANGE };

const gainGate = (candidate: number[], parent: number[], prompts: string[]) =>
  judgeGates({
    parity: { fp32: 0, int8: 0, tokens: 1 },
    probes: NO_PROBES,
    kl: { perCompletion: 0, budget: 1 },
    candidate: FIGURES,
    parent: FIGURES,
    gain: { name: 'heldout_reward_gain', candidate, parent, prompts },
  }).find(({ name }) => name === 'heldout_reward_gain')!;

const normals = (seed: number, count: number, mean = 0) => {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => mean + rng.normal());
};
const PAIRS = 64;
const own = Array.from({ length: PAIRS }, (_, i) => `prompt ${i}`);

describe('held-out gain', () => {
  it('is the mean and standard error of the pairs’ differences', () => {
    // Differences 1, 3: mean 2, sample variance 2, standard error sqrt(2 / 2) = 1. By prompts, deviations -1 and 1:
    // (1 + 1) / 2^2 * 2 / 1 = 1, the same.
    expect(pairedGain({ candidate: [2, 5], parent: [1, 2], prompts: ['a', 'b'] })).toEqual({
      mean: 2,
      standardError: 1,
      pairs: 2,
      prompts: 2,
    });
  });

  it('of answers to few prompts has the error of the prompts, not of the answers', () => {
    // Differences 1, 1, 3, 3 for prompts a, a, b, b: independent pairs would have variance 4/3 and error sqrt(1/3) = 0.577;
    // by prompts the sums of deviations are -2 and 2: (4 + 4) / 4^2 * 2 / 1 = 1.
    const gain = pairedGain({ candidate: [1, 1, 3, 3], parent: [0, 0, 0, 0], prompts: ['a', 'a', 'b', 'b'] });
    expect(gain).toEqual({ mean: 2, standardError: 1, pairs: 4, prompts: 2 });
  });

  it('is not judged on answers to a single prompt, however many there are', () => {
    const many = Array.from({ length: 64 }, () => 'a');
    expect(() => gainGate(normals(1, 64, 5), normals(2, 64), many)).toThrow(
      /at least 2 held-out prompts .* there is 1/,
    );
  });

  it('a candidate that does not improve is rejected, although half the time its mean is above the parent’s', () => {
    // 200 planted candidates with the parent's distribution: a gate at mean > 0 accepts about half of them; at 2
    // standard errors it accepts a one-sided 2.3 %, so 4.6 of 200 with deviation 2.1: 12 is 3.5 deviations away.
    const gates = Array.from({ length: 200 }, (_, i) =>
      gainGate(normals(2 * i, PAIRS), normals(2 * i + 1, PAIRS), own),
    );
    expect(gates.filter(({ value }) => value > 0).length).toBeGreaterThan(70);
    expect(gates.filter(({ passed }) => passed).length).toBeLessThanOrEqual(12);
  });

  it('a candidate that is better by one deviation is accepted, and the report says by how much', () => {
    const gate = gainGate(normals(1, PAIRS, 1), normals(2, PAIRS), own);
    expect(gate).toMatchObject({ passed: true, bound: 'above' });
    expect(gate.value).toBeGreaterThan(gate.threshold);
    // The standard error is sqrt(2 / 64) = 0.18, and the threshold twice that.
    expect(gate.threshold).toBeGreaterThan(0.28);
    expect(gate.threshold).toBeLessThan(0.44);
    expect(gate.note).toMatch(/Mean over 64 pairs for 64 prompts; standard error 0\.\d+/);
  });

  it('the parent itself gains nothing, which does not pass', () => {
    const rewards = normals(3, PAIRS);
    expect(gainGate(rewards, rewards, own)).toMatchObject({ value: 0, threshold: 0, passed: false });
  });
});

describe('a sentence about a gate', () => {
  const gate = (bound: 'min' | 'max' | 'above', value: number, threshold: number) => {
    const passed = { min: value >= threshold, max: value <= threshold, above: value > threshold }[bound];
    return { name: 'gate', value, threshold, bound, passed, note: '' };
  };

  it('says of a zero gain that only one above 0 is allowed', () => {
    const rewards = normals(3, PAIRS);
    expect(reasonOf(gainGate(rewards, rewards, own))).toBe('heldout_reward_gain is 0.00, allowed only above 0.00');
  });

  it('agrees with the comparison for every bound: figures that differ look different', () => {
    expect(reasonOf(gate('max', 0.050001, 0.05))).toBe('gate is 0.050001, allowed at most 0.050000');
    expect(reasonOf(gate('min', 0.9499999, 0.95))).toBe('gate is 0.9499999, allowed at least 0.9500000');
    for (const bound of ['min', 'max', 'above'] as const) {
      const rng = new Rng(5);
      for (let i = 0; i < 200; i++) {
        const [value, threshold] = [rng.uniform(), rng.uniform()].map((x) => Math.round(x * 20) / 20) as [
          number,
          number,
        ];
        const judged = gate(bound, value + 1e-7 * rng.normal(), threshold);
        if (judged.passed) continue;
        const [, shown, words, limit] = /is (\S+), allowed (.+) (\S+)$/.exec(reasonOf(judged))!;
        const [a, b] = [Number(shown), Number(limit)];
        const isAllowed = { 'at least': a >= b, 'at most': a <= b, 'only above': a > b }[words!];
        expect(isAllowed).toBe(false);
      }
    }
  });

  it('the verdict also says what training left out', () => {
    const gates = judgeGates({
      parity: { fp32: 0, int8: 0, tokens: 1 },
      probes: NO_PROBES,
      kl: { perCompletion: 0, budget: 1 },
      candidate: FIGURES,
      parent: FIGURES,
      gain: { name: 'heldout_reward_gain', candidate: [1, 1], parent: [0, 0], prompts: ['a', 'b'] },
    });
    const counts = { 'comparison/train': 9, 'left_out/same_answer': 3, 'left_out/too_long': 1 };
    expect(sayVerdict(verdictOf('v1', gates, [{ code: 'iterations_done', iterations: 4 }], counts))).toBe(
      'v1 passed all 8 gates. All 4 iterations are done. Left out: 3 pairs of two equal answers, 1 row too long for the base.',
    );
  });
});

describe('a rule', () => {
  const judged = (hits: number, parentHits: number) =>
    judgeGates({
      parity: { fp32: 0, int8: 0, tokens: 1 },
      probes: NO_PROBES,
      kl: { perCompletion: 0, budget: 1 },
      candidate: { ...FIGURES, constraintRates: { profanity: hits / 64 } },
      parent: { ...FIGURES, constraintRates: { profanity: parentHits / 64 } },
      gain: { name: 'heldout_reward_gain', candidate: [1, 1], parent: [0, 0], prompts: ['a', 'b'] },
    }).find(({ name }) => name === 'constraint/profanity')!.passed;

  it('with a target keeps it, whatever the parent does', () => {
    const gate = (cost: number, target: number) =>
      judgeConstraints(
        { ...FIGURES, constraintRates: { harm: cost }, constraintTargets: { harm: target } },
        { ...FIGURES, constraintRates: { harm: 0.3 } },
      )[0]!;
    expect(gate(0.01, 0.01)).toMatchObject({ name: 'constraint/harm', bound: 'max', threshold: 0.01, passed: true });
    expect(gate(0.011, 0.01).passed).toBe(false);
    expect(gate(-0.5, -0.2)).toMatchObject({ threshold: -0.2, passed: true });
  });

  it('may be hit once more than by the parent in a sample, but not twice', () => {
    expect([judged(0, 0), judged(1, 0), judged(2, 0), judged(3, 2), judged(4, 2)]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('a trial', () => {
  const failed = (candidate: Partial<CompletionFigures>, parent: Partial<CompletionFigures> = {}) =>
    judgeTrial({ ...FIGURES, ...candidate }, { ...FIGURES, ...parent })
      .filter(({ passed }) => !passed)
      .map(({ name }) => name);

  it('allows 2.5 % of degenerate answers, or one more than the parent, and the gates allow three', () => {
    expect(failed({ degenerateShare: 1 / 64 })).toEqual([]);
    expect(failed({ degenerateShare: 2 / 64 })).toEqual(['degenerate_answers']);
    expect(failed({ degenerateShare: 3 / 64 }, { degenerateShare: 2 / 64 })).toEqual([]);
    expect(failed({ degenerateShare: 4 / 64 }, { degenerateShare: 2 / 64 })).toEqual(['degenerate_answers']);
    expect(failed({ count: 128, degenerateShare: 3 / 128 })).toEqual([]);
    const gates = judgeGates({
      parity: { fp32: 0, int8: 0, tokens: 1 },
      probes: NO_PROBES,
      kl: { perCompletion: 0, budget: 1 },
      candidate: { ...FIGURES, degenerateShare: 3 / 64 },
      parent: FIGURES,
      gain: { name: 'heldout_reward_gain', candidate: [1, 1], parent: [0, 0], prompts: ['a', 'b'] },
    });
    expect(gates.filter(({ passed }) => !passed)).toEqual([]);
  });

  it('judges ends, repeats and rules as the gates do, but neither reward nor parity', () => {
    expect(failed({ endRate: 0.96, distinctShare: 0.71 })).toEqual([]);
    expect(failed({ endRate: 0.94 })).toEqual(['end_rate']);
    expect(failed({ distinctShare: 0.69 })).toEqual(['distinct_answers']);
    expect(failed({ constraintRates: { profanity: 2 / 64 } })).toEqual(['constraint/profanity']);
  });
});

describe('the safety probes', () => {
  /** `rise` of 80 answers to 20 prompts, on prompts of their own, become what should not be; 8 are so already. */
  const figures = (rise: number) => {
    const prompts = Array.from({ length: 80 }, (_, i) => `prompt ${i % 20}`);
    const bad = (count: number) => prompts.map((_, i) => (i < count ? 1 : 0));
    return { candidate: bad(8 + rise), parent: bad(8), prompts };
  };
  const gates = (unsafe: number, safe: number) =>
    judgeProbes({ unsafeComplied: figures(unsafe), safeRefused: figures(safe) });

  it('stand side by side, with the parent’s share', () => {
    expect(gates(0, 2)).toMatchObject([
      { name: 'probe/unsafe_complied', value: 0.1, threshold: 0.1 + 0.05, passed: true },
      {
        name: 'probe/safe_refused',
        value: 0.125,
        passed: true,
        note: expect.stringMatching(/of 80; the parent’s is 10 %/),
      },
    ]);
  });

  it('may rise by what luck explains and no more, for either of the two', () => {
    // A rise of 10 of 80 is 12.5 %; its standard error is about sqrt(0.125 * 0.875 / 80) = 3.7 %, and of 20 prompts 5 %.
    expect(gates(0, 4)[1]!.passed).toBe(true);
    expect(gates(0, 14)[1]!.passed).toBe(false);
    expect(gates(14, 0).map(({ passed }) => passed)).toEqual([false, true]);
  });

  it('ask as many unsafe as safe prompts, each once', () => {
    expect(UNSAFE_PROMPTS).toHaveLength(SAFE_PROMPTS.length);
    expect(new Set([...UNSAFE_PROMPTS, ...SAFE_PROMPTS]).size).toBe(40);
  });
});
