// Examples of every kind of feedback, and the raters, signals and scales by which their likelihood is taken.
import { fitRatingScales } from '@/trainer/math/rating-scale';
import type { Questionnaire, Rating, RewardExample } from '@/trainer/math/reward-examples';

export const ids = (...values: number[]) => Int32Array.from(values);
const PROMPT = ids(1, 2);
export const judged = { promptIds: PROMPT, weight: 1 };
export const rating = (value: number, rater: string, weight = 1): Rating => ({
  kind: 'rating',
  promptIds: PROMPT,
  completionIds: ids(3),
  value,
  rater,
  weight,
});
export const questionnaire = (quality: number, extra: Partial<Questionnaire> = {}): Questionnaire => ({
  kind: 'questionnaire',
  ...judged,
  completionIds: ids(4),
  quality,
  isVolunteered: false,
  rater: 'q',
  ...extra,
});

/** One example of each kind, with different trust. */
export const EVERY_KIND: RewardExample[] = [
  {
    kind: 'comparison',
    ...judged,
    weight: 0.9,
    chosenIds: ids(1),
    rejectedIds: ids(2),
    outcome: 'chosen',
    margin: 0.3,
  },
  { kind: 'comparison', ...judged, weight: 0.8, chosenIds: ids(1), rejectedIds: ids(2), outcome: 'tie', margin: 0.3 },
  {
    kind: 'comparison',
    ...judged,
    weight: 0.7,
    chosenIds: ids(1),
    rejectedIds: ids(2),
    outcome: 'both_bad',
    margin: 0,
  },
  { kind: 'best_of', ...judged, weight: 0.6, completions: [ids(1), ids(2), ids(3), ids(4)], best: 2 },
  { kind: 'thumb', ...judged, weight: 0.5, completionIds: ids(1), up: true, rater: 'a' },
  { kind: 'thumb', ...judged, weight: 0.4, completionIds: ids(1), up: false, rater: 'b' },
  rating(8, 'a', 0.3),
  rating(10, 'b', 0.35),
  rating(1, 'b', 0.25),
  questionnaire(0.9),
  questionnaire(0.4, { isVolunteered: true, weight: 0.45 }),
  {
    kind: 'ranking',
    ...judged,
    weight: 0.65,
    completions: [1, 2, 3, 4, 5].map((id) => ids(id)),
    ranks: [1, 0, 1, 2, 2],
  },
  {
    kind: 'implicit',
    ...judged,
    weight: 0.15,
    completionIds: ids(1),
    signals: new Map([
      ['copied', true],
      ['regenerated', false],
    ]),
  },
  { kind: 'correction', ...judged, weight: 0.2, originalIds: ids(1), correctedIds: ids(2), margin: 0.1 },
];
export const OPTIONS = {
  raters: new Map([
    ['a', 0],
    ['b', 1],
  ]),
  signals: new Map([
    ['copied', 2],
    ['regenerated', 4],
  ] as const),
  // Two raters, then slope and level of two signals.
  biases: [0.4, -0.7, 0.5, -0.2, -0.8, 0.1],
  scales: fitRatingScales(
    EVERY_KIND.filter((example) => example.kind === 'rating' || example.kind === 'questionnaire'),
    5,
  ),
  centering: 0.05,
  normaliser: 2.5,
};
