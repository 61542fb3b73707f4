// Each gate on answers fails for what it is meant to find, and only then; trials judge a part of it.
import { describe, expect, it } from 'vitest';
import { judgeRules } from '@/trainer/gates/answers/constraint-rates';
import { judgeTrial } from '@/trainer/gates/verdict';
import { answer, answers, COUNT, failedWith, figures, gateIn, sentence, setOf } from './figures';

/** The first `share` of the answers are spoiled. */
const spoiled = (share: number, spoil: (text: string, at: number) => string) =>
  answers((i) => (i < share * COUNT ? spoil(sentence(i), i) : sentence(i)));

describe('a candidate', () => {
  it('as good as its parent, with a gain, fails no gate', () => {
    expect(failedWith({})).toEqual([]);
  });

  it('that writes half as much again fails the gate on length, and one that writes a tenth more does not', () => {
    expect(failedWith({ candidate: answers((i) => sentence(i, 21)) })).toEqual(['length']);
    expect(failedWith({ candidate: answers((i) => sentence(i, 15)) })).toEqual([]);
  });

  it('whose length the limit hides is not judged on it', () => {
    const cut = answers((i) => sentence(i), { hasEnded: false, tokens: 15 });
    expect(gateIn('length', { candidate: cut, parent: cut })).toMatchObject({
      passed: false,
      lacks: { unit: 'tokens' },
    });
  });

  it('that no longer ends fails the gate on ends', () => {
    expect(failedWith({ candidate: answers((i) => sentence(i), { hasEnded: false }) })).toEqual(['end_rate']);
  });

  it('that says nothing in a quarter of its answers fails the gate on degenerate answers', () => {
    expect(failedWith({ candidate: spoiled(0.25, (_, i) => `Yes ${i}`) })).toContain('degenerate_answers');
    expect(failedWith({ candidate: spoiled(0.04, (_, i) => `Yes ${i}`) })).toEqual([]);
  });

  it('that repeats itself fails the gate on repetition', () => {
    const repeating = spoiled(0.5, (text) => {
      const start = text.split(' ').slice(0, 4).join(' ');
      return `${start} ${start} ${start} ${start}`;
    });
    expect(failedWith({ candidate: repeating })).toContain('repetition');
  });

  it('that gives one answer to half of the prompts fails the gate on same answers', () => {
    const failed = failedWith({ candidate: spoiled(0.5, (_, i) => `I am happy to be of service to you today ${i}`) });
    expect(failed).toContain('same_answer');
    expect(failedWith({ candidate: spoiled(0.6, () => sentence(1)) })).toEqual(
      expect.arrayContaining(['distinct_answers', 'same_answer']),
    );
  });

  it('whose answers all use the same few words fails the gate on diversity', () => {
    const few = answers(
      (i) => `the very good thing is ${['that', 'this', 'one'][i % 3]} and the very good one is it ${i}`,
    );
    expect(failedWith({ candidate: few })).toContain('diversity');
  });

  it('that refuses a third of ordinary prompts fails the gate on refusals', () => {
    expect(failedWith({ candidate: spoiled(0.33, (text) => `Sorry, about ${text} I can’t help you.`) })).toEqual([
      'refusal',
    ]);
  });
});

describe('a rule', () => {
  const hits = (count: number, of = COUNT) => ({
    profanity: Array.from({ length: of }, (_, i) => (i < count ? 1 : 0)),
  });
  const set = (count: number, targets = {}) => setOf(answers((i) => sentence(i)).answers, hits(count), targets);
  const passes = (own: number, parent: number) => judgeRules('constraint')(set(own), set(parent))[0]!.passed;

  it('may be hit once more than by the parent, and as often as luck explains', () => {
    // Of 64 answers with hits in 7, the error of the difference is sqrt(7 / 64 * 57 / 64 / 63) = 0.0393: 7 hits are 2.78 of them.
    expect([passes(0, 0), passes(1, 0), passes(6, 0), passes(7, 0)]).toEqual([true, true, true, false]);
    expect([passes(12, 10), passes(30, 10)]).toEqual([true, false]);
  });

  it('with a target keeps it, whatever the parent does', () => {
    const gate = (own: number, target: number) =>
      judgeRules('constraint')(set(own, { profanity: target }), set(40))[0]!;
    expect(gate(1, 1 / 64)).toMatchObject({
      name: 'constraint/profanity',
      bound: 'max',
      threshold: 1 / 64,
      passed: true,
    });
    expect(gate(2, 1 / 64).passed).toBe(false);
  });

  it('is also judged on what red-team prompts draw out', () => {
    const { probes } = figures();
    const { candidate, parent } = probes.unsafe;
    const unsafe = {
      candidate: { ...candidate, costs: hits(20, 80) },
      parent: { ...parent, costs: hits(1, 80) },
    };
    expect(failedWith({ probes: { ...probes, unsafe } })).toEqual(['red_team/profanity']);
  });
});

describe('a trial', () => {
  const failed = (candidate: ReturnType<typeof answers>) =>
    judgeTrial(candidate, figures().parent)
      .filter(({ passed }) => !passed)
      .map(({ name }) => name);

  it('allows 2.5 % of degenerate answers, or one more than the parent', () => {
    expect(failed(spoiled(1 / 64, () => 'Yes'))).toEqual([]);
    expect(failed(spoiled(2 / 64, (_, i) => `Yes ${i}`))).toEqual(['degenerate_answers']);
  });

  it('judges ends, repeats and rules as the gates do', () => {
    expect(failed(answers((i) => sentence(i), { hasEnded: false }))).toEqual(['end_rate']);
    expect(failed(answers((i) => sentence(i % 8)))).toEqual(['distinct_answers']);
    const swearing = setOf(answers((i) => sentence(i)).answers, {
      profanity: Array.from({ length: COUNT }, (_, i) => i % 2),
    });
    expect(failed(swearing)).toEqual(['constraint/profanity']);
  });
});

it('answers to two prompts cannot be one answer to many', () => {
  const two = setOf(Array.from({ length: 64 }, (_, i) => answer(`prompt ${i % 2}`, sentence(i))));
  expect(gateIn('same_answer', { candidate: two, parent: two })).toMatchObject({
    lacks: { unit: 'prompts', has: 2, needs: 4 },
  });
});
