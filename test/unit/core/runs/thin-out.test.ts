// Long curves lose points, but neither their ends nor their peaks.
import { expect, it } from 'vitest';
import { thinOut } from '@/core/runs/thin-out';

const point = (step: number, metrics: Record<string, number>) => ({ stage: 'ppo', step, metrics });

it('a short run is sent as it is', () => {
  const points = [point(0, { loss: 1 }), point(1, { loss: 2, rare: 3 })];
  expect(thinOut(points)).toEqual(points);
});

it('a run of ten thousand steps keeps at most 300 points a curve, the ends, a peak of one step, and rare figures', () => {
  const points = Array.from({ length: 10_000 }, (_, step) =>
    point(step, { loss: step === 5003 ? 9 : 1, ...(step % 1000 === 7 && { rare: step }) }),
  );
  const kept = thinOut(points);
  const losses = kept.filter(({ metrics }) => 'loss' in metrics);
  expect(losses.length).toBeLessThanOrEqual(300);
  expect([losses[0]!.step, losses.at(-1)!.step]).toEqual([0, 9999]);
  expect(losses.find(({ step }) => step === 5003)!.metrics.loss).toBe(9);
  expect(kept.filter(({ metrics }) => 'rare' in metrics).map(({ step }) => step)).toEqual(
    Array.from({ length: 10 }, (_, i) => 1000 * i + 7),
  );
  expect(points[5]!.metrics).toEqual({ loss: 1 }); // what was given is not changed
});
