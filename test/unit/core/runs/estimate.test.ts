// How long a run is said to take, and when the runs that wait are said to start.
import { describe, expect, it } from 'vitest';
import { estimateSeconds, type PastRun } from '@/core/runs/estimate';
import { foretell } from '@/core/runs/queue';

const past = (seconds: number, examples: number, settings = 'a', preset = 'cpu'): PastRun => ({
  ...{ preset, settings, examples, seconds },
});
const asked = (examples: number, settings = 'a') => ({ preset: 'cpu', settings, examples });

describe('the estimate of a run', () => {
  it('is unknown before any run of the preset has ended here', () => {
    expect(estimateSeconds([past(60, 100, 'b', 'gpu')], asked(100))).toBeNull();
  });

  it('takes runs with the same settings before others of the preset', () => {
    const runs = [past(600, 100, 'b'), past(60, 100)];
    expect(estimateSeconds(runs, asked(100))).toMatchObject({ seconds: 60, runs: 1, basis: 'settings' });
    expect(estimateSeconds(runs, asked(100, 'c'))).toMatchObject({ seconds: 330, runs: 2, basis: 'preset' });
  });

  it('follows the number of examples where the time rises with it', () => {
    // 100 s and 0.5 s an example.
    const runs = [past(150, 100), past(200, 200), past(250, 300)];
    expect(estimateSeconds(runs, asked(500))!.seconds).toBeCloseTo(350);
    // A line that falls, or starts below zero, is chance: the median is taken.
    expect(estimateSeconds([past(150, 300), past(200, 200), past(250, 100)], asked(500))!.seconds).toBe(200);
    expect(estimateSeconds([past(10, 100), past(110, 200), past(210, 300)], asked(500))!.seconds).toBe(110);
  });

  it('is as wide as it was off', () => {
    expect(estimateSeconds([past(80, 1), past(120, 1)], asked(1))).toMatchObject({ low: 80, seconds: 100, high: 120 });
  });
});

describe('the queue', () => {
  const running = { isRunning: true, elapsed: 40, stageLeft: 10, expected: 100 };
  const waiting = { isRunning: false, elapsed: 0, stageLeft: null, expected: 50 };

  it('starts each run when those before it have ended', () => {
    expect(foretell([running, waiting, waiting])).toEqual([
      { startsIn: null, endsIn: 60 },
      { startsIn: 60, endsIn: 110 },
      { startsIn: 110, endsIn: 160 },
    ]);
  });

  it('knows no start after a run of unknown length', () => {
    expect(foretell([{ ...running, expected: null }, waiting])).toEqual([
      { startsIn: null, endsIn: null },
      { startsIn: null, endsIn: null },
    ]);
    expect(foretell([{ ...waiting, expected: null }])).toEqual([{ startsIn: 0, endsIn: null }]);
  });

  it('gives a run that is late at least the rest of its stage', () => {
    expect(foretell([{ ...running, elapsed: 200 }])).toEqual([{ startsIn: null, endsIn: 10 }]);
  });
});
