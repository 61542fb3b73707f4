// What a snapshot's rows become: each kind as its example, by the trust in its rater.
import { describe, expect, it } from 'vitest';
import { parseRow, type SnapshotRow } from '@/core/snapshot/snapshot';
import { demonstrationRows, implicitExamples, rewardExamples } from '@/trainer/data/examples';
import { preferencesOf, shownCompletions } from '@/trainer/data/preference-examples';
import { reweighted, type TargetMix } from '@/trainer/data/target-mix';

const given = { split: 'train', promptIds: [1], raterId: 'r' };
const completion = (id: number) => ({
  generationId: `g${id}`,
  versionId: null,
  ids: [id],
  propensity: 1,
  isTruncated: false,
});
const FLAW_WEIGHTS = { version: 'v1', weights: { wrong: 0.6 } };
const row = (fields: Record<string, unknown>): SnapshotRow => parseRow(JSON.stringify({ ...given, ...fields }));
const comparison = (choice: string, trust?: number) =>
  row({ kind: 'comparison', left: completion(3), right: completion(4), choice, margin: 1, trust });

describe('a row of a reliable inverter', () => {
  it('is turned over where it has an opposite, with the size of the trust as weight', () => {
    const turned = (fields: Record<string, unknown>) => rewardExamples([row({ ...fields, trust: -0.5 })])[0];
    const one = rewardExamples([comparison('left', -0.5)])[0]!;
    expect(one).toMatchObject({ outcome: 'chosen', chosenIds: Int32Array.of(4), margin: 1, weight: 0.5 });
    expect(rewardExamples([comparison('tie', -0.5)])[0]).toMatchObject({ outcome: 'tie', weight: 0.5 });
    expect(turned({ kind: 'thumb', answer: completion(3), up: true })).toMatchObject({ up: false, weight: 0.5 });
    expect(turned({ kind: 'rating', answerIds: [3], value: 9 })).toMatchObject({ value: 2 }); // 1 + 10 - 9
    expect(turned({ kind: 'ranking', answers: [[3], [4], [5]], ranks: [0, 2, 1] })).toMatchObject({ ranks: [2, 0, 1] });
  });

  it('is left out where it has none, as is every row of a rater who is not trusted', () => {
    const rows = [
      { kind: 'best_of', answers: [[3], [4]], best: 0 },
      { kind: 'questionnaire', answerIds: [3], flaws: ['wrong'], flawWeights: FLAW_WEIGHTS },
      { kind: 'correction', originalIds: [3], correctedIds: [4] },
      { kind: 'demonstration', answerIds: [3] },
      { kind: 'implicit', answerIds: [3], copied: true, regenerated: false, abandoned: false },
    ];
    const all = (trust: number) => rows.map((fields) => row({ ...fields, trust }));
    const learnt = (of: SnapshotRow[]) => [
      ...rewardExamples(of),
      ...implicitExamples(of, 0.1),
      ...shownCompletions(of),
      ...demonstrationRows(of, { leastRating: 8, endIds: [3, 4] }),
    ];
    expect(learnt(all(1))).toHaveLength(3 + 1 + 2 + 2);
    expect(learnt(all(-0.5))).toEqual([]);
    expect(learnt([...all(0), comparison('left', 0), comparison('both_bad', -0.5)])).toEqual([]);
  });
});

describe('a target mix', () => {
  const example = (groups: Record<string, string>) =>
    rewardExamples([row({ kind: 'thumb', answer: completion(3), up: true, groups })])[0]!;
  const weightsOf = (examples: ReturnType<typeof example>[], mix: TargetMix) =>
    reweighted(examples, mix).map(({ weight, share = 1 }) => Number((weight * share).toFixed(4)));

  it('gives groups their share, and leaves the others and the whole alone', () => {
    const examples = ['en', 'en', 'en', 'ja', 'de'].map((language) => example({ language }));
    // English and Japanese have a weight of 4 together, 2 for each: 2 / 3 for an English vote.
    expect(weightsOf(examples, { language: { en: 1, ja: 1 } })).toEqual([0.6667, 0.6667, 0.6667, 2, 1]);
    // Without Korean votes, its half is for the others.
    expect(weightsOf(examples, { language: { en: 1, ja: 1, ko: 2 } })).toEqual([0.6667, 0.6667, 0.6667, 2, 1]);
  });

  it('of two keys has both shares at once', () => {
    const examples = [
      { language: 'en', age: 'old' },
      { language: 'en', age: 'young' },
      { language: 'en', age: 'young' },
      { language: 'ja', age: 'young' },
      { language: 'ja', age: 'old' },
    ].map(example);
    const weights = weightsOf(examples, { language: { en: 1, ja: 1 }, age: { old: 1, young: 1 } });
    const sum = (...places: number[]) => places.reduce((total, i) => total + weights[i]!, 0);
    expect(sum(0, 1, 2)).toBeCloseTo(2.5, 3);
    expect(sum(0, 4)).toBeCloseTo(2.5, 3);
  });
});

describe('rows', () => {
  it('of an old snapshot have trust 1, and flaws count by the weights beside them', () => {
    const old = row({ kind: 'questionnaire', answerIds: [3], flaws: ['wrong'], flawWeights: FLAW_WEIGHTS });
    expect(rewardExamples([comparison('right'), old])).toMatchObject([
      { weight: 1, chosenIds: Int32Array.of(4) },
      { weight: 1, quality: 0.4, isVolunteered: false },
    ]);
    const unknown = { kind: 'questionnaire', answerIds: [3], flaws: ['rude'], flawWeights: FLAW_WEIGHTS };
    expect(() => row(unknown)).toThrow(/a weight for each flaw/);
  });

  it('of implicit signals are no votes, and an answer counts as read after the time that reading it takes', () => {
    // 60,000 / 238 / 1.3 = 194 ms for a token: 387.8 ms for two.
    const signals = [387, 388].map((dwellMs) =>
      row({ kind: 'implicit', answerIds: [3, 4], copied: false, regenerated: true, abandoned: false, dwellMs }),
    );
    expect(rewardExamples(signals)).toEqual([]);
    const examples = implicitExamples(signals, 0.1);
    expect(examples).toMatchObject([{ kind: 'implicit', weight: 1, share: 0.1 }, {}]);
    expect(examples.map((example) => example.kind === 'implicit' && [...example.signals])).toEqual(
      [false, true].map((read) => [
        ['copied', false],
        ['regenerated', true],
        ['abandoned', false],
        ['read', read],
      ]),
    );
  });

  it('that rank answers are one vote over the pairs that do not tie', () => {
    const { comparisons } = preferencesOf([
      row({ kind: 'ranking', answers: [[3], [4], [5]], ranks: [0, 1, 1], trust: 0.8 }),
    ]);
    expect(comparisons.map(({ chosenIds, rejectedIds, weight }) => [chosenIds[0], rejectedIds[0], weight])).toEqual([
      [3, 4, 0.4],
      [3, 5, 0.4],
    ]);
  });
});
