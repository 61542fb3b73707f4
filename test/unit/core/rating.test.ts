// Agreement of raters, and the weights of a questionnaire fitted to ratings.
import { expect, test } from 'vitest';
import { agreementOf, disagree } from '@/core/feedback/agreement';
import { qualityOf, type ScoredQuestion } from '@/core/feedback/quality';
import { fitQuestionWeights } from '@/core/feedback/question-weights';
import { Questions } from '@/core/feedback/questionnaire';
import { Rng } from '@/core/rng';

const compare = (choice: 'left' | 'right' | 'tie') => ({ kind: 'compare', value: { choice } }) as const;
const rank = (...order: string[][]) => ({ kind: 'rank', value: { order } }) as const;

test('agreement is 1 for the same, 0 for the opposite, and between them by how far the answers differ', () => {
  expect(agreementOf(compare('left'), compare('left'))).toBe(1);
  expect(agreementOf(compare('left'), compare('right'))).toBe(0);
  expect(agreementOf(compare('left'), compare('tie'))).toBe(0.5);
  // 1 - |9 - 3| / 9
  expect(agreementOf({ kind: 'rate', value: { rating: 9 } }, { kind: 'rate', value: { rating: 3 } })).toBeCloseTo(
    1 / 3,
  );
  // Of three pairs, a-b is turned round: 2 / 3.
  expect(agreementOf(rank(['a'], ['b'], ['c']), rank(['b'], ['a'], ['c']))).toBeCloseTo(2 / 3);
  expect(agreementOf(rank(['a'], ['b']), rank(['a', 'b']))).toBe(0.5);
  expect(agreementOf(compare('left'), rank(['a'], ['b']))).toBeNull();
});

test('raters disagree when their pairs agree by less than half on average', () => {
  expect(disagree([compare('left'), compare('right')])).toBe(true);
  expect(disagree([compare('left'), compare('tie')])).toBe(false);
  // 4 to 1: 6 of 10 pairs agree. 3 to 2: 4 of 10.
  const votes = (left: number, right: number) => [
    ...Array.from({ length: left }, () => compare('left')),
    ...Array.from({ length: right }, () => compare('right')),
  ];
  expect([disagree(votes(4, 1)), disagree(votes(3, 2)), disagree(votes(1, 0))]).toEqual([false, true, false]);
});

const questions = (rude: number, long: number, tone: number, use: number): ScoredQuestion[] => [
  { id: 'rude', kind: 'flaw', weight: rude },
  { id: 'long', kind: 'flaw', weight: long },
  { id: 'tone', kind: 'scale', weight: tone, steps: 5 },
  {
    id: 'use',
    kind: 'choice',
    weight: use,
    options: [
      { id: 'no', quality: 0 },
      { id: 'yes', quality: 1 },
    ],
  },
];

test('weights that made the ratings are found again, and no weight is negative', () => {
  const truth = questions(0.3, 0, 0.75, 0.25);
  const rng = new Rng(1);
  const samples = Array.from({ length: 300 }, () => {
    const answers = {
      rude: rng.uniform() < 0.3,
      long: rng.uniform() < 0.3,
      tone: 3 + Math.floor(rng.uniform() * 3),
      use: rng.uniform() < 0.5 ? 'no' : 'yes',
    };
    return { answers, rating: qualityOf(truth, answers)! };
  }).filter(({ rating }) => rating > 0); // where quality is cut off at 0, it is not linear
  const { weights, errorBefore, errorAfter } = fitQuestionWeights(questions(0.1, 0.5, 0.5, 0.5), samples, 1e-6);
  for (const { id, weight } of truth) expect(weights[id]).toBeCloseTo(weight, 3);
  expect(errorBefore).toBeGreaterThan(0.05);
  expect(errorAfter).toBeLessThan(1e-3);
});

test('a question that no one answered keeps its weight', () => {
  const flaws = questions(0.2, 0.4, 1, 1).slice(0, 2);
  // Ticking "rude" takes 0.8 off; 20 samples against 5 that stand for 0.2: (20 * 0.8 + 5 * 0.2) / 25.
  const samples = Array.from({ length: 20 }, () => ({ answers: { rude: true }, rating: 0.2 }));
  const { weights } = fitQuestionWeights(flaws, samples, 5);
  expect(weights.rude).toBeCloseTo(0.68, 6);
  expect(weights.long).toBeCloseTo(0.4, 6);
});

test('the questions of a questionnaire have different ids, and only the fields of their kind', () => {
  const flaw = { id: 'rude', kind: 'flaw', weight: 1, text: { en: 'a', ja: 'あ' } };
  expect(Questions.safeParse([flaw, { ...flaw, id: 'tone', kind: 'scale', steps: 5 }]).success).toBe(true);
  for (const bad of [
    [flaw, flaw],
    [{ ...flaw, steps: 3 }],
    [{ ...flaw, kind: 'scale' }],
    [{ ...flaw, kind: 'choice' }],
    [],
  ])
    expect(Questions.safeParse(bad).success).toBe(false);
});
