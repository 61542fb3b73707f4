// Best-fit-decreasing packing gives the example from the literature, and neither loses nor cuts a row.
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { packBestFit } from '@/trainer/math/packing';

test('packs [1,2,3], [4,5,6,7], [8] into bins of 4 as [4,5,6,7] and [1,2,3,8]', () => {
  const rows = [[1, 2, 3], [4, 5, 6, 7], [8]];
  const bins = packBestFit(
    rows.map((row) => row.length),
    4,
  );
  expect(bins.map((bin) => bin.flatMap((i) => rows[i]!))).toEqual([
    [4, 5, 6, 7],
    [1, 2, 3, 8],
  ]);
  expect(bins.map((bin) => bin.map((i) => rows[i]!.length))).toEqual([[4], [3, 1]]);
});

test('takes the fullest bin with room, not the first', () => {
  // 7 and 6 open two bins of 10 with room for 3 and 4; the 3 fits the first exactly, and the 4 the other.
  expect(packBestFit([6, 7, 3, 4], 10)).toEqual([
    [1, 2],
    [0, 3],
  ]);
});

test('keeps every row once and whole, within the bins, and gives a longer row its own bin', () => {
  const rng = new Rng(1);
  const lengths = Array.from({ length: 200 }, () => 1 + rng.integer(60));
  lengths.push(90);
  const bins = packBestFit(lengths, 64);
  expect(bins.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
  const sums = bins.map((bin) => bin.reduce((sum, i) => sum + lengths[i]!, 0));
  expect(bins[0]).toEqual([200]);
  expect(Math.max(...sums.slice(1))).toBeLessThanOrEqual(64);
  const waste = 1 - lengths.reduce((a, b) => a + b, 0) / (64 * bins.length);
  expect(waste).toBeLessThan(0.05);
  expect(packBestFit(lengths, 64)).toEqual(bins);
});
