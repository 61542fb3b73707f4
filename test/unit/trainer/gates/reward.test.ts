// Gates on reward: the gain beyond luck, the reward model on held-out votes, wins at equal length, groups and conversations.
import { describe, expect, it } from 'vitest';
import { reasonOf } from '@/core/verdict';
import { judgeAccuracy } from '@/trainer/gates/reward/accuracy';
import { judgeCalibration } from '@/trainer/gates/reward/calibration';
import { judgeGain, pairedGain } from '@/trainer/gates/reward/gain';
import { winRateAtEqualLength } from '@/trainer/gates/reward/win-rate';
import { COUNT, failedWith, gateIn, normals, reward, votes } from './figures';

const own = Array.from({ length: COUNT }, (_, i) => `prompt ${i}`);
const gainGate = (candidate: number[], parent: number[], prompts: string[]) =>
  gateIn('heldout_reward_gain', { gain: { name: 'heldout_reward_gain', candidate, parent, prompts } });

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
      judgeGain({
        ...{ name: 'heldout_reward_gain', prompts: own },
        ...{ candidate: normals(2 * i, COUNT), parent: normals(2 * i + 1, COUNT) },
      }),
    );
    expect(gates.filter(({ value }) => value > 0).length).toBeGreaterThan(70);
    expect(gates.filter(({ passed }) => passed).length).toBeLessThanOrEqual(12);
  });

  it('a candidate that is better by one deviation is accepted, and the report says by how much', () => {
    const gate = gainGate(normals(1, COUNT, 1), normals(2, COUNT), own);
    expect(gate).toMatchObject({ passed: true, bound: 'above' });
    // The standard error is sqrt(2 / 64) = 0.18, and the threshold twice that.
    expect(gate.threshold).toBeGreaterThan(0.28);
    expect(gate.threshold).toBeLessThan(0.44);
    expect(gate.note).toMatch(/Mean over 64 pairs for 64 prompts; standard error 0\.\d+/);
  });

  it('too small to be told from luck says on how many prompts votes are needed', () => {
    // Differences 0.1 and 0.9, one prompt each: mean 0.5, error 0.4, threshold 0.8. (0.8 / 0.5)^2 * 2 = 5.12 held-out
    // prompts, of which there are one in eight: 40.96.
    const gate = gainGate([0.1, 0.9], [0, 0], ['a', 'b']);
    expect(gate).toMatchObject({ passed: false, evidence: { pairs: 2, prompts: 2, needed: 41 } });
  });

  it('the parent itself gains nothing, which does not pass', () => {
    const rewards = normals(3, COUNT);
    const gate = gainGate(rewards, rewards, own);
    expect(gate).toMatchObject({ value: 0, threshold: 0, passed: false, evidence: { needed: 0 } });
    expect(reasonOf(gate)).toBe('heldout_reward_gain is 0.00, allowed only above 0.00');
  });
});

describe('the reward model', () => {
  const coin = (count: number, seed: number) =>
    votes(count, 0, seed).map((pair, i) => ({ ...pair, chosen: i % 2, rejected: 1 - (i % 2) }));

  it('that is a coin fails the gate on accuracy where there are votes enough, and is not judged on few', () => {
    expect(judgeAccuracy(coin(400, 1))).toMatchObject({ passed: false, value: 0.5 });
    expect(judgeAccuracy(coin(400, 1)).lacks).toBeUndefined();
    expect(judgeAccuracy(coin(20, 1))).toMatchObject({ lacks: { unit: 'pairs', has: 20, needs: 400 } });
    expect(judgeAccuracy([])).toMatchObject({ lacks: { has: 0 } });
  });

  it('that ranks 7 of 10 pairs passes from about 25 votes on, and is never rejected by bad luck', () => {
    const model = (seed: number, count: number) =>
      judgeAccuracy(
        votes(count, 0, seed).map((pair, i) => ({
          ...pair,
          chosen: normals(seed * 997 + i, 1)[0]! < 0.52 ? 1 : 0,
          rejected: 0.5,
        })),
      );
    const gates = Array.from({ length: 300 }, (_, seed) => model(seed + 1, 150));
    expect(gates.filter(({ passed }) => passed).length).toBeGreaterThan(290);
    const few = Array.from({ length: 300 }, (_, seed) => model(seed + 1, 30));
    // Below 0.6 by 2 errors of 0.09 means under 42 % right, which a model of 70 % is in 0.2 % of samples of 30.
    expect(few.filter(({ passed, lacks }) => !passed && !lacks).length).toBeLessThanOrEqual(3);
  });

  it('that is far too sure fails the gate on calibration, and a calibrated one passes in 99 of 100 samples', () => {
    const sure = votes(200, 1).map((pair) => ({ ...pair, chosen: 6 * pair.chosen, rejected: 6 * pair.rejected }));
    expect(judgeCalibration(sure).passed).toBe(false);
    const gates = Array.from({ length: 200 }, (_, seed) => judgeCalibration(votes(60, 1, seed)));
    expect(gates.filter(({ passed }) => !passed).length).toBeLessThanOrEqual(4);
    expect(judgeCalibration(votes(10, 1))).toMatchObject({ lacks: { unit: 'pairs', has: 10, needs: 30 } });
  });
});

describe('the win rate at equal length', () => {
  it('is what is left of a preference for the longer answer', () => {
    // Preferences made from length alone, 3 logits for each unit: without the regression the longer side would win.
    const lengths = normals(1, 400, 1).map(Math.tanh);
    const wins = lengths.map((length) => 1 / (1 + Math.exp(-3 * length)));
    const { share } = winRateAtEqualLength(wins, lengths);
    expect(wins.reduce((a, b) => a + b, 0) / 400).toBeGreaterThan(0.75);
    expect(share).toBeCloseTo(0.5, 1);
  });

  it('of a candidate that wins by length alone and is worse at equal length fails its gate', () => {
    const growth = normals(5, COUNT, 20).map((x) => Math.abs(x) + 5);
    const parent = normals(6, COUNT);
    const candidate = parent.map((x, i) => x - 2.5 + 0.12 * growth[i]! * (1 + 0.5 * normals(7, COUNT)[i]!));
    const spread = { candidate: growth.map((x, i) => (i % 2 ? x + 25 : x - 25)), parent: growth.map(() => 0) };
    const scores = { parent, candidate: candidate.map((_, i) => parent[i]! - 1.2 + 0.06 * spread.candidate[i]!) };
    expect(failedWith({ reward: reward({ scores, tokens: spread }) })).toContain('win_rate');
  });
});

it('a candidate whose score goes with length, as its parent’s does not, fails the gate on reward for length', () => {
  const tokens = { candidate: normals(8, COUNT, 30), parent: normals(9, COUNT, 30) };
  const scores = {
    candidate: tokens.candidate.map((length, i) => length - 29 + 0.2 * normals(10, COUNT)[i]!),
    parent: normals(11, COUNT),
  };
  expect(failedWith({ reward: reward({ scores, tokens }) })).toEqual(['reward_length']);
});

it('a candidate that gains for most and harms a minority fails the gate on groups, by its name', () => {
  const groups = Array.from({ length: COUNT }, (_, i) => ({ language: i % 5 === 0 ? 'ja' : 'en' }));
  const { parent } = reward().scores;
  const candidate = parent.map((x, i) => (i % 5 === 0 ? x - 1.5 : x + 1) + 0.1 * normals(12, COUNT)[i]!);
  const given = { reward: reward({ scores: { candidate, parent }, groups }) };
  expect(failedWith(given)).toContain('worst_group');
  expect(gateIn('worst_group', given).note).toMatch(/language=ja, the worst of 2/);
  const one = { reward: reward({ groups: groups.map(() => ({ language: 'en' })) }) };
  expect(gateIn('worst_group', one)).toMatchObject({ passed: false, lacks: { unit: 'groups', has: 1, needs: 2 } });
});

it('a candidate that answers conversations worse fails the gate on replays, which needs eight of them', () => {
  const isConversation = Array.from({ length: COUNT }, (_, i) => i < 16);
  const { parent } = reward().scores;
  const candidate = parent.map((x, i) => (i < 16 ? x - 1.5 : x + 1) + 0.1 * normals(13, COUNT)[i]!);
  expect(failedWith({ reward: reward({ scores: { candidate, parent }, isConversation }) })).toContain('replay');
  const few = { reward: reward({ isConversation: isConversation.map((_, i) => i < 3) }) };
  expect(gateIn('replay', few)).toMatchObject({ lacks: { unit: 'conversations', has: 3, needs: 8 } });
});
