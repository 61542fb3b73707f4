// When a run starts by itself, and what it waits for.
import { describe, expect, it } from 'vitest';
import { judgeDrift } from '@/core/runs/drift';
import { decideTrigger, type TriggerState } from '@/core/runs/trigger';
import { TriggerSettings } from '@/core/settings';

const HOUR = 3_600_000;
const now = new Date('2026-03-10T05:00:00Z');
const ago = (hours: number) => new Date(now.getTime() - hours * HOUR);
const OFF = TriggerSettings.parse({ feedbackCount: null, scheduleHours: null });

function stateOf(setting: Partial<TriggerSettings>, more: Partial<TriggerState> = {}): TriggerState {
  const last = { requestedAt: ago(24), isJudged: true, newSince: 0 };
  return {
    setting: { ...OFF, ...setting },
    now,
    unused: 1,
    hasLiveRun: false,
    candidateId: null,
    drift: null,
    last,
    ...more,
  };
}
const dueOf = (setting: Partial<TriggerSettings>, more?: Partial<TriggerState>) =>
  decideTrigger(stateOf(setting, more)).due;
const after = (hours: number, isJudged = true, newSince = 0) => ({
  last: { requestedAt: ago(hours), isJudged, newSince },
});

describe('a run by itself', () => {
  it('is never due while every trigger is off', () => {
    expect(decideTrigger(stateOf({}))).toEqual({ due: null, conditions: [], hindrances: [] });
  });

  it('waits for its hours, for some feedback, and for the end of a live run', () => {
    expect(dueOf({ scheduleHours: 24 })).toBe('schedule');
    expect(dueOf({ scheduleHours: 24 }, { last: null })).toBe('schedule');
    expect(dueOf({ scheduleHours: 24 }, after(23.9))).toBeNull();
    expect(decideTrigger(stateOf({ scheduleHours: 24 }, { unused: 0 }))).toMatchObject({
      due: null,
      hindrances: [{ code: 'no_feedback' }],
    });
    expect(decideTrigger(stateOf({ scheduleHours: 24 }, { hasLiveRun: true }))).toMatchObject({
      due: null,
      hindrances: [{ code: 'live_run' }],
    });
  });

  it('waits while a candidate may replace the version that it would train from', () => {
    expect(decideTrigger(stateOf({ feedbackCount: 1 }, { candidateId: 'v2' }))).toMatchObject({
      due: null,
      hindrances: [{ code: 'candidate', versionId: 'v2' }],
    });
  });

  it('is due once a day after its hour, and says when next', () => {
    // It is five o'clock: the last three o'clock was two hours ago, the last six o'clock yesterday, 23 hours ago.
    expect(dueOf({ scheduleHour: 3 }, after(2.1))).toBe('schedule');
    expect(dueOf({ scheduleHour: 6 }, after(23.1))).toBe('schedule');
    const { due, conditions } = decideTrigger(stateOf({ scheduleHour: 3 }, after(1.9)));
    expect(due).toBeNull();
    expect(conditions).toEqual([
      { trigger: 'schedule', every: 'day', at: new Date('2026-03-11T03:00:00Z'), isMet: false },
    ]);
  });

  it('after a run without a verdict waits for an hour and for a new vote', () => {
    const setting = { feedbackCount: 1 };
    expect(dueOf(setting, after(2, false, 1))).toBe('feedback_count');
    expect(decideTrigger(stateOf(setting, after(0.5, false, 0))).hindrances).toEqual([
      { code: 'retry_feedback' },
      { code: 'retry_time', at: new Date('2026-03-10T05:30:00Z') },
    ]);
  });

  it('starts on drift, but not again within a day', () => {
    const drift = judgeDrift({ up: 160, n: 200 }, { up: 250, n: 500 });
    expect(drift.hasDrifted).toBe(true);
    expect(dueOf({ onDrift: true }, { drift })).toBe('drift');
    expect(dueOf({ onDrift: true }, { drift, ...after(23) })).toBeNull();
    expect(dueOf({ onDrift: false }, { drift })).toBeNull();
  });
});

describe('drift', () => {
  /** A fixed stream of uniform numbers (Park and Miller 1988). */
  function uniforms(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
  }
  /** The number of later votes after which drift is found, looking after every 25, or null. */
  function foundAfter(seed: number, firstRate: number, laterRate: number, most: number): number | null {
    const draw = uniforms(seed);
    const votes = (n: number, rate: number) => Array.from({ length: n }, () => draw() < rate).filter(Boolean).length;
    const first = { up: votes(200, firstRate), n: 200 };
    const later = { up: 0, n: 0 };
    while (later.n < most) {
      later.up += votes(25, laterRate);
      later.n += 25;
      if (judgeDrift(first, later).hasDrifted) return later.n;
    }
    return null;
  }
  const streams = Array.from({ length: 200 }, (_, i) => 7919 * (i + 1));

  it('is found without cause in at most 5 % of the champions, though one looks after every 25 votes', () => {
    const alarms = streams.filter((seed) => foundAfter(seed, 0.7, 0.7, 1000) !== null).length;
    expect(alarms / streams.length).toBeLessThanOrEqual(0.05);
  });

  it('from 80 % to 60 % thumbs up is found within 1000 votes in nine of ten champions', () => {
    const found = streams.filter((seed) => foundAfter(seed, 0.8, 0.6, 1000) !== null).length;
    expect(found / streams.length).toBeGreaterThanOrEqual(0.9);
  });

  it('is not judged before there are enough first votes', () => {
    expect(judgeDrift({ up: 199, n: 199 }, { up: 0, n: 500 }).hasDrifted).toBe(false);
  });
});
