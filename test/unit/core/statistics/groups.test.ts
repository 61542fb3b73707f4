// What pages may claim: places only where intervals are apart, groups only where enough people are in them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { krippendorffAlpha } from '@/core/statistics/agreement/krippendorff';
import { withoutRaterLevels } from '@/core/statistics/agreement/rater-levels';
import { FEWEST_PEOPLE, foldSmall } from '@/core/statistics/fold';
import { placesOf } from '@/core/statistics/places';

test('a place is certain only where no other interval overlaps', () => {
  const places = placesOf([
    { low: 1100, high: 1200 },
    { low: 1000, high: 1050 },
    { low: 990, high: 1010 },
    { low: 800, high: 900 },
  ]);
  expect(places).toEqual([
    { best: 1, worst: 1 },
    { best: 2, worst: 3 },
    { best: 2, worst: 3 },
    { best: 4, worst: 4 },
  ]);
  expect(placesOf([{ low: 0, high: 1 }])).toEqual([{ best: 1, worst: 1 }]);
});

const vote = (person: string) => ({ person });
const people = (count: number, name: string) => Array.from({ length: count }, (_, i) => vote(`${name}${i}`));

test('groups of fewer than five people are put together, with the next larger one if they are still too few', () => {
  const groups = new Map([
    ['large', people(9, 'a')],
    ['middle', people(5, 'b')],
    ['small', people(2, 'c')],
  ]);
  // 2 people are too few, so the 5 of the next group join them.
  expect(foldSmall(groups).map(({ value, people }) => [value, people])).toEqual([
    ['large', 9],
    [null, 7],
  ]);
  groups.set('tiny', people(3, 'd'));
  expect(foldSmall(groups).map(({ value, people }) => [value, people])).toEqual([
    ['middle', 5],
    ['large', 9],
    [null, 5],
  ]);
});

test('one person with many votes is one person, and too few people are not shown at all', () => {
  const many = Array(50).fill(vote('the same'));
  expect(foldSmall(new Map([['x', [...many, ...people(3, 'a')]]]))).toEqual([]);
});

test('for any votes, every group that is shown has five people or more, and no vote is lost unless all are', () => {
  const votes = fc.array(
    fc.record({ person: fc.stringMatching(/^[a-j]$/), group: fc.constantFrom('x', 'y', 'z', 'w') }),
  );
  fc.assert(
    fc.property(votes, (all) => {
      const groups = new Map<string, { person: string }[]>();
      for (const { person, group } of all) groups.set(group, [...(groups.get(group) ?? []), { person }]);
      const folded = foldSmall(groups);
      for (const { items } of folded)
        expect(new Set(items.map(({ person }) => person)).size).toBeGreaterThanOrEqual(FEWEST_PEOPLE);
      const shown = folded.flatMap(({ items }) => items).length;
      expect([0, all.length]).toContain(shown);
      if (new Set(all.map(({ person }) => person)).size >= FEWEST_PEOPLE) expect(shown).toBe(all.length);
    }),
    { seed: 1 },
  );
});

test('raters who differ only in strictness agree once their levels are taken off', () => {
  // Each item is rated v, v - 2 and v + 2, on 40 items with v from 3 to 8.
  const items = Array.from({ length: 40 }, (_, i) => {
    const value = 3 + (i % 6);
    return [
      { rater: 'plain', value },
      { rater: 'strict', value: value - 2 },
      { rater: 'mild', value: value + 2 },
    ];
  });
  const plain = krippendorffAlpha(
    items.map((values) => values.map(({ value }) => value)),
    'interval',
  )!;
  const corrected = krippendorffAlpha(withoutRaterLevels(items), 'interval')!;
  expect(plain).toBeLessThan(0.6);
  expect(corrected).toBeGreaterThan(0.95);
});
