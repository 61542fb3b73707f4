// Planted bad candidates trip their own gates; one that answers as its parent does is hardly ever rejected.
import { describe, expect, it } from 'vitest';
import { countRejected, judgeCandidates } from '@/bench/rollout/planted';
import { plantKinds } from '@/bench/rollout/planted/kinds';
import { runCanary } from '@/bench/rollout/planted/people';
import { simulateVoice } from '@/bench/rollout/planted/voice';
import { Rng } from '@/core/rng';

const parent = simulateVoice(new Rng(16));

describe('planted candidates', () => {
  it('of every kind are rejected, and each by a gate that is its own', () => {
    const judged = judgeCandidates(parent);
    expect(judged.length).toBeGreaterThanOrEqual(39);
    expect(judged.filter(({ isOwn, passedGates }) => !isOwn || passedGates)).toEqual([]);
  });

  it('that answer every prompt alike are taken back by the canary if no gate stops them', () => {
    const [worst] = plantKinds(parent, new Rng(1)).filter(
      ({ kind, how }) => kind === 'one answer to all' && how.startsWith('100'),
    );
    expect(runCanary(worst!.voice, parent, new Rng(2))).toMatchObject({ outcome: 'rolled_back' });
  });
});

it('a candidate that answers as its parent does is rejected in at most 5 % of runs', () => {
  // 60 runs; at a true 2.5 % the count is 1.5 with deviation 1.2, so 5 are three deviations away.
  expect(countRejected(parent, 60).rejected).toBeLessThanOrEqual(5);
});
