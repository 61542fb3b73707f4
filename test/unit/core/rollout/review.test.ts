// What a review decides, and how often it takes back a candidate that is no worse although it looks after each person.
import { describe, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { CanarySettings, RAMP_PHASES } from '@/core/rollout/canary';
import { progressOf } from '@/core/rollout/progress';
import {
  ARM_GUARDS,
  type ArmFigures,
  type ArmGuard,
  brake,
  type Evidence,
  readGuards,
  review,
} from '@/core/rollout/review';
import type { Sample } from '@/core/statistics/confidence-sequence';

const SETTINGS = CanarySettings.parse({});
const share = (mean: number, n: number): Sample => ({ mean, variance: mean * (1 - mean), n });
const arm = (n: number, own: Partial<ArmFigures> = {}): ArmFigures => ({
  thumbs: share(0.7, n),
  broken: share(0.02, n),
  failed: share(0.01, n),
  regenerated: share(0.1, n),
  firstTokenMs: { mean: 200, variance: 100 ** 2, n },
  ...own,
});
const evidence = (own: Partial<Evidence> = {}): Evidence => ({
  champion: arm(5000),
  candidate: arm(5000),
  sideBySide: share(0.5, 0),
  asked: [{ share: 0.01, champion: 9900, candidate: 100 }],
  stepAnswers: 1000,
  stepMinutes: 60,
  days: 1,
  ...own,
});
const decide = (own: Partial<Evidence>, phase = RAMP_PHASES[0]) => {
  const { act, because } = review(phase, evidence(own), SETTINGS);
  return [act, because];
};
const halves = [{ share: 0.5, champion: 5000, candidate: 5000 }];

describe('a review', () => {
  it('raises after enough time and answers, and holds before', () => {
    expect(decide({})).toEqual(['raise', 'well']);
    expect(decide({ stepMinutes: 29 })).toEqual(['hold', 'time']);
    expect(decide({ stepAnswers: 49 })).toEqual(['hold', 'answers']);
  });

  it('promotes after the last step only if votes show that the candidate is no worse', () => {
    expect(decide({ asked: halves }, 'share_50')).toEqual(['promote', 'well']);
    const few = { asked: halves, champion: arm(100), candidate: arm(100) };
    expect(decide(few, 'share_50')).toEqual(['hold', 'votes']);
    expect(decide({ ...few, sideBySide: share(0.6, 400) }, 'share_50')).toEqual(['promote', 'well']);
  });

  it.each<[ArmGuard, Sample]>([
    ['thumbs', share(0.5, 500)],
    ['broken', share(0.2, 500)],
    ['failed', share(0.2, 500)],
    ['regenerated', share(0.3, 500)],
    ['firstTokenMs', { mean: 900, variance: 300 ** 2, n: 500 }],
  ])('takes back a candidate with more harm in %s, and none with less', (name, worse) => {
    expect(decide({ candidate: arm(5000, { [name]: worse }) })).toEqual(['roll_back', name]);
    expect(decide({ champion: arm(5000, { [name]: worse }) })).toEqual(['raise', 'well']);
  });

  it('takes back one that loses comparisons, and one that nothing has decided in time', () => {
    expect(decide({ sideBySide: share(0.3, 200) })).toEqual(['roll_back', 'sideBySide']);
    expect(decide({ days: 14 })).toEqual(['roll_back', 'undecided']);
  });

  it('holds if users are divided in another way than the share says', () => {
    const asked = (champion: number, candidate: number) => ({ share: 0.01, champion, candidate });
    expect(decide({ asked: [asked(9700, 300)] })).toEqual(['hold', 'sample_ratio']);
    expect(decide({ asked: [asked(9880, 120)] })).toEqual(['raise', 'well']);
    // Those who came while the share was another one are divided by that one.
    expect(decide({ asked: [asked(9880, 120), ...halves] })).toEqual(['raise', 'well']);
  });

  it('of a paused canary only takes it back, and one without all changes does not let it rise', () => {
    const well = review('share_1', evidence(), SETTINGS);
    const breach = review('share_1', evidence({ sideBySide: share(0.3, 200) }), SETTINGS);
    const late = review('share_1', evidence({ days: 14 }), SETTINGS);
    const act = (verdict: typeof well, isPaused: boolean, isCounted: boolean) => {
      const { act, because } = brake(verdict, { isPaused, isCounted });
      return [act, because];
    };
    expect(act(well, false, true)).toEqual(['raise', 'well']);
    expect(act(well, true, true)).toEqual(['hold', 'paused']);
    expect(act(late, true, true)).toEqual(['hold', 'paused']);
    expect(act(breach, true, false)).toEqual(['roll_back', 'sideBySide']);
    expect(act(well, false, false)).toEqual(['hold', 'counting']);
  });

  it('says how many voters it takes until the candidate is no worse than the margin', () => {
    const voters = (own: Partial<Evidence>) => {
      const given = evidence(own);
      return progressOf(readGuards(given), given, SETTINGS).voters;
    };
    const none = { champion: arm(0), candidate: arm(0) };
    const { have, needed } = voters(none);
    expect(have).toBe(0);
    // At exactly so many people with equal wins it may be promoted, and at one fewer not.
    const decision = (n: number) => decide({ ...none, asked: halves, sideBySide: share(0.5, n) }, 'share_50')[0];
    expect([decision(needed! - 1), decision(needed!)]).toEqual(['hold', 'promote']);
    // Both ways say that it is worse than the margin.
    const disliked = { champion: arm(40), candidate: arm(40, { thumbs: share(0.4, 40) }) };
    expect(voters({ ...disliked, sideBySide: share(0.35, 40) })).toEqual({ have: 40, needed: null });
    expect(voters({ ...none, sideBySide: share(0.6, 40) }).needed).toBeLessThan(needed!);
  });

  it('does not feel a wait that is 200 ms longer, and says nothing of fewer than ten people', () => {
    const slower = arm(5000, { firstTokenMs: { mean: 400, variance: 100 ** 2, n: 5000 } });
    expect(decide({ candidate: slower })).toEqual(['raise', 'well']);
    expect(
      readGuards(evidence({ candidate: arm(9) }))
        .slice(1)
        .map(({ harm }) => harm),
    ).toEqual(ARM_GUARDS.map(() => null));
  });

  it('takes back at most 5 % of the candidates that are the champion under another name, looked at after each person', () => {
    const ROLLOUTS = 200;
    let taken = 0;
    for (let rollout = 0; rollout < ROLLOUTS; rollout++) if (isTakenBack(new Rng(rollout + 1))) taken++;
    expect(taken / ROLLOUTS).toBeLessThanOrEqual(0.05);
  });
});

const RATES: Record<Exclude<ArmGuard, 'firstTokenMs'>, number> = {
  ...{ thumbs: 0.7, broken: 0.02, failed: 0.01, regenerated: 0.08 },
};
const PEOPLE = 1000;

/** People have rates of their own, one to eight answers each, and waits with a long tail. */
function isTakenBack(rng: Rng): boolean {
  const nothing = () => ARM_GUARDS.map(() => ({ n: 0, sum: 0, squares: 0 }));
  const sums = { champion: nothing(), candidate: nothing() };
  const duel = { n: 0, sum: 0 };
  for (let person = 0; person < PEOPLE; person++) {
    const own = sums[rng.uniform() < (person < 300 ? 0.05 : person < 600 ? 0.25 : 0.5) ? 'candidate' : 'champion'];
    const answers = 1 + rng.integer(8);
    const leaning = 0.2 + 1.6 * rng.uniform();
    for (const [at, name] of ARM_GUARDS.entries()) {
      let value = 100 + 1500 * rng.uniform() ** 3;
      if (name !== 'firstTokenMs') {
        value = 0;
        for (let answer = 0; answer < answers; answer++)
          value += rng.uniform() < RATES[name] * leaning ? 1 / answers : 0;
      }
      own[at]!.n++;
      own[at]!.sum += value;
      own[at]!.squares += value ** 2;
    }
    if (rng.uniform() < 0.3) {
      duel.n++;
      duel.sum += rng.uniform() < 0.5 ? 1 : 0;
    }
    const figures = (of: typeof own) => Object.fromEntries(ARM_GUARDS.map((name, at) => [name, sampleOf(of[at]!)]));
    const [champion, candidate] = [figures(sums.champion), figures(sums.candidate)] as [ArmFigures, ArmFigures];
    const sideBySide = share(duel.n > 0 ? duel.sum / duel.n : 0, duel.n);
    if (readGuards(evidence({ champion, candidate, sideBySide })).some(({ isBreached }) => isBreached)) return true;
  }
  return false;
}

function sampleOf({ n, sum, squares }: { n: number; sum: number; squares: number }): Sample {
  return { mean: n > 0 ? sum / n : 0, variance: n > 1 ? Math.max(0, (squares - sum ** 2 / n) / (n - 1)) : 0, n };
}
