// What is said to be missing before a run is queued.
import { expect, it } from 'vitest';
import { parseConfig } from '@/core/config/presets';
import { type AtHand, shortagesOf } from '@/core/runs/needs';

const NONE: AtHand = { decided: 0, undecided: 0, thumbs: 0, others: 0, shown: 0, prompts: 30, isPartial: false };
const missing = (at: Partial<AtHand>, config: Record<string, unknown> = {}) =>
  shortagesOf({ ...NONE, ...at }, parseConfig(config)).map(({ path, shortage }) => [path, shortage]);

it('one vote and four prompts are enough to try; fewer are counted', () => {
  expect(missing({ thumbs: 1, prompts: 4 })).toEqual([]);
  expect(missing({ thumbs: 1, prompts: 1 })).toEqual([['', { code: 'prompts', have: 1, missing: 3, heldOut: 2 }]]);
  expect(missing({})).toEqual([['', { code: 'votes', missing: 1 }]]);
});

it('ties alone teach nothing', () => {
  expect(missing({ undecided: 7 })).toEqual([['', { code: 'only_ties', have: 7, missing: 1 }]]);
  expect(missing({ undecided: 7, thumbs: 1 })).toEqual([]);
});

it('an algorithm that learns from stored preferences is told beside its field what it lacks', () => {
  const comparisons = (algorithm: string) => ['algorithm', { code: 'comparisons', algorithm, missing: 1 }];
  expect(missing({ thumbs: 9 }, { algorithm: 'dpo' })).toEqual([comparisons('dpo')]);
  expect(missing({ thumbs: 9 }, { algorithm: 'kto' })).toEqual([]);
  expect(missing({ others: 9 }, { algorithm: 'dpo' })).toEqual([]);
});

it('imitation needs something to imitate, and a run one of the two', () => {
  expect(missing({ thumbs: 9 }, { sft: {} })).toEqual([['sft', { code: 'demonstrations', missing: 1 }]]);
  expect(missing({ shown: 3 }, { sft: {}, algorithm: null })).toEqual([]);
  expect(missing({ thumbs: 9 }, { algorithm: null })).toEqual([['algorithm', { code: 'nothing_trained' }]]);
});

it('nothing is called missing where more is stored than was counted', () => {
  expect(missing({ isPartial: true, prompts: 0 })).toEqual([]);
});
