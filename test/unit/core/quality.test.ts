// A questionnaire's answers as one score in [0, 1], by the weights of its questions.
import { expect, it } from 'vitest';
import { qualityOf, type ScoredQuestion } from '@/core/feedback/quality';

const FLAWS: ScoredQuestion[] = [
  { id: 'wrong', kind: 'flaw', weight: 0.6 },
  { id: 'rude', kind: 'flaw', weight: 0.5 },
  { id: 'long', kind: 'flaw', weight: 0.1 },
];
const SCALE: ScoredQuestion = { id: 'clear', kind: 'scale', weight: 3, steps: 5 };
const CHOICE: ScoredQuestion = {
  id: 'tone',
  kind: 'choice',
  weight: 1,
  options: [
    { id: 'kind', quality: 1 },
    { id: 'cold', quality: 0.2 },
  ],
};

it('takes the weights of ticked flaws off a quality of 1, down to 0', () => {
  expect(qualityOf(FLAWS, {})).toBe(1);
  expect(qualityOf(FLAWS, { long: true, rude: false })).toBeCloseTo(0.9, 10);
  expect(qualityOf(FLAWS, { wrong: true, rude: true, long: true })).toBe(0); // 1 - 1.2
});

it('is the weighted mean of scales and choices, of those that were answered', () => {
  // Step 4 of 5 is (4 - 1) / 4 = 0.75; (3 * 0.75 + 1 * 0.2) / 4 = 0.6125.
  expect(qualityOf([SCALE, CHOICE], { clear: 4, tone: 'cold' })).toBeCloseTo(0.6125, 10);
  expect(qualityOf([SCALE, CHOICE], { tone: 'cold' })).toBeCloseTo(0.2, 10);
  // Flaws come off that mean.
  expect(qualityOf([SCALE, CHOICE, ...FLAWS], { clear: 4, tone: 'cold', long: true })).toBeCloseTo(0.5125, 10);
});

it('is unknown if nothing was answered, and ignores what was not asked', () => {
  expect(qualityOf([SCALE, CHOICE], {})).toBeNull();
  expect(qualityOf([SCALE], { boring: true, clear: 5 })).toBe(1);
  expect(qualityOf([CHOICE], { tone: 'unknown' })).toBeNull();
});
