// Prices of constraints: Safe-RLHF's multipliers and mixture, the window, the delay, the cap, and the log.
import { describe, expect, test } from 'vitest';
import { Classifiers } from '@/core/classifier/classifiers';
import { ConstraintConfig } from '@/core/config/constraints';
import { parseConfig } from '@/core/config/presets';
import { DEFAULT_RULES, Rule } from '@/core/constraints/rules';
import {
  type Constraint,
  constrainScore,
  constraintMetrics,
  costsOf,
  excessOf,
  nextPrice,
  startConstraints,
  unconstrainedScore,
  updateConstraints,
} from '@/trainer/math/constraint';
import { constraintsOf } from '@/trainer/runs/rules/constraints';
import { golden } from './golden';

const constraint = (name: string, price: number, adaptive: object | null = null): Constraint => ({
  name,
  price,
  costs: async (completions) => completions.map(() => 0),
  adaptive: adaptive && multiplier(adaptive),
});
function multiplier(own: object) {
  const { price: _, target, ...rest } = ConstraintConfig.parse({ target: 0, ...own });
  return { ...rest, target: target! };
}

test("a multiplier follows Safe-RLHF's, up to its cap", () => {
  const { init, lr, threshold, lambda_max, episode_costs, lambdas } = golden.lagrange;
  let price = init;
  episode_costs.forEach((cost, i) => {
    price = nextPrice(price, cost, { target: threshold, learningRate: lr, max: lambda_max });
    expect(price).toBeCloseTo(lambdas[i]!, 5);
  });
  expect(nextPrice(4.9, 100, { target: threshold, learningRate: lr, max: lambda_max })).toBeCloseTo(5, 10);
});

test("reward and cost mix as Safe-RLHF's advantages do: (A_r - lambda A_c) / (1 + lambda)", () => {
  const { Ar, Ac, lam, value } = golden.lagrange.adv_example;
  const adaptive = [constraint('harm', lam, {})];
  const mixed = constrainScore(Ar, new Map([['harm', Ac]]), adaptive, startConstraints(adaptive));
  expect(mixed).toBeCloseTo(value, 5);
  // A fixed price is a plain penalty, taken off before the mixture: (1 - 0.5 * 2 - 2 * 0.4) / 3.
  const both = [...adaptive, constraint('words', 0.5)];
  const costs = new Map([
    ['harm', Ac],
    ['words', 2],
  ]);
  expect(constrainScore(Ar, costs, both, startConstraints(both))).toBeCloseTo(-0.8 / 3, 10);
});

describe('over iterations', () => {
  const harm = constraint('harm', 1, { window: 4, delayIterations: 1 });
  const fixed = constraint('words', 0.5);
  const all = [harm, fixed];
  const costs = (...values: number[]) =>
    new Map([
      ['harm', values],
      ['words', values],
    ]);

  test('a multiplier waits for its delay, then moves by the mean of its window; a fixed price does not', () => {
    const first = updateConstraints(all, startConstraints(all), costs(1, 1, 1), 0);
    expect(first.harm).toEqual({ price: 1, recent: [1, 1, 1] });
    const second = updateConstraints(all, first, costs(0, 0), 1);
    // The last four costs are 1, 1, 0, 0, so log lambda = 0 + 0.1 * 1 * 0.5.
    expect(second.harm!.recent).toEqual([1, 1, 0, 0]);
    expect(second.harm!.price).toBeCloseTo(Math.exp(0.05), 10);
    expect(second.words).toEqual({ price: 0.5, recent: [] });
  });

  test('cost, multiplier, target and share of violations are logged by name', () => {
    const metrics = constraintMetrics(all, startConstraints(all), costs(2, 0, 0, 0));
    expect(metrics).toEqual({
      'constraint/harm/cost': 0.5,
      'constraint/harm/lambda': 1,
      'constraint/harm/violation_rate': 0.25,
      'constraint/harm/target': 0,
      'constraint/harm/window_cost': 0.5,
      'constraint/words/cost': 0.5,
      'constraint/words/lambda': 0.5,
      'constraint/words/violation_rate': 0.25,
    });
  });
});

describe('what is kept', () => {
  const harm = constraint('harm', 1, { target: 0.25 });
  const all = [harm, constraint('words', 0.5)];
  const costs = (harm: number, words: number) =>
    new Map([
      ['harm', harm],
      ['words', words],
    ]);

  test('multipliers are taken out of a score, fixed penalties stay in it', () => {
    const states = { harm: { price: 3, recent: [] }, words: { price: 0.5, recent: [] } };
    const mixed = constrainScore(2, costs(0.4, 2), all, states); // (2 - 3 * 0.4 - 0.5 * 2) / 4
    expect(mixed).toBeCloseTo(-0.05, 10);
    expect(unconstrainedScore(mixed, costs(0.4, 2), all, states)).toBeCloseTo(1, 10);
  });

  test('only costs over their target are an excess, and fixed prices have none', () => {
    const found = (harm: number[]) => excessOf(all, new Map(Object.entries({ harm, words: [9] })));
    expect(found([1, 0, 0, 0])).toBe(0);
    expect(found([1, 1, 0, 0])).toBeCloseTo(0.25, 10);
  });

  test('a constraint that gives no number for each completion is refused', async () => {
    const completions = [{ promptIds: Int32Array.of(1), completionIds: Int32Array.of(2), text: 'a' }];
    const broken = (own: number[]): Constraint => ({ ...harm, costs: async () => own });
    await expect(costsOf([broken([])], completions)).rejects.toThrow(/"harm" gave 0 costs for 1 answers/);
    await expect(costsOf([broken([Number.NaN])], completions)).rejects.toThrow(/"harm"/);
    expect(await costsOf([broken([2])], completions)).toEqual(new Map([['harm', Float32Array.of(2)]]));
  });
});

describe('the settings of a run', () => {
  const rules = { ...DEFAULT_RULES, rules: DEFAULT_RULES.rules.map((rule) => ({ ...rule, cost: 2 })) };
  const { signal } = new AbortController();
  const noEngine = () => Promise.reject(new Error('no engine'));
  const constraints = (rules: Rule[], settings: object) =>
    constraintsOf(
      { rules: { version: 1, rules }, classifiers: new Classifiers('none', noEngine) },
      parseConfig({ constraints: settings }).constraints,
      signal,
    );
  const made = (settings: object) => constraints(rules.rules, settings)[0]!;

  test('are refused where a step of the multiplier would be no number', () => {
    for (const wrong of [{ learningRate: 1e308 }, { max: 1e308 }, { price: 1e308 }, { target: 1e308 }])
      expect(() => made({ profanity: { target: 0, ...wrong } }), JSON.stringify(wrong)).toThrow(/constraints/);
    const most = { learningRate: 1e6, max: 1e6, target: 1 };
    for (const meanCost of [0, 1, 1e6]) expect(nextPrice(1e6, meanCost, most)).not.toBeNaN();
  });

  test('are none for a rule that has the name of what every object has', () => {
    const [named] = constraints([Rule.parse({ id: 'constructor', kind: 'refusal', cost: 3 })], {});
    expect(named).toMatchObject({ name: 'constructor', price: 3, adaptive: null });
  });

  test('give a rule its own cost, another fixed price, or a multiplier with the defaults of Safe-RLHF', async () => {
    expect(made({})).toMatchObject({ name: 'profanity', price: 2, adaptive: null });
    expect(made({ profanity: { price: 0.5 } })).toMatchObject({ price: 0.5, adaptive: null });
    const adaptive = { target: 0.01, learningRate: 0.1, max: 5, window: 128, delayIterations: 0 };
    expect(made({ profanity: { target: 0.01 } })).toMatchObject({ price: 2, adaptive });
    const ids = Int32Array.of(1);
    const texts = ['oh shit, shit', 'a cockpit'].map((text) => ({ promptIds: ids, completionIds: ids, text }));
    expect(await made({}).costs(texts)).toEqual([2, 0]);
  });

  test('come from the rule itself where the run says nothing: its target, its cost, and whether it is about answers', () => {
    const own = (rule: object, settings = {}) => constraints([{ ...DEFAULT_RULES.rules[0]!, ...rule }], settings);
    expect(own({ target: 0.01 })[0]).toMatchObject({ price: 1, adaptive: { target: 0.01, max: 5 } });
    expect(own({ target: 0.01, cost: 9 })[0]).toMatchObject({ price: 9, adaptive: { target: 0.01, max: 9 } });
    expect(own({ target: 0.01, cost: 0 })[0]).toMatchObject({ price: 0, adaptive: null });
    expect(own({ target: 0.01 }, { profanity: { price: 3 } })[0]).toMatchObject({ price: 3, adaptive: null });
    expect(own({ output: 'off' })).toEqual([]);
    expect(() => own({ output: 'off' }, { profanity: { price: 3 } })).toThrow(
      /no rule on answers has the id "profanity"/,
    );
  });

  test('have no cost for a rule that asks a server, because nobody asks it', () => {
    const http = Rule.parse({ id: 'outside', kind: 'http', url: 'https://rules.example.com/' });
    expect(constraints([http], {})).toEqual([]);
    expect(() => constraints([http], { outside: { price: 1 } })).toThrow(
      /"outside" asks a server, which training does not/,
    );
  });

  test('are refused where they could not work, before anything is trained', () => {
    expect(() => made({ profanity: { target: 0.01, price: 9 } })).toThrow(/at most max where a target is set/);
    expect(() => made({ profanity: { target: 0.01, max: 1 } })).toThrow(
      /rule's cost, 2; it must be above 0 and at most its max of 1/,
    );
    expect(() => made({ profanity: { target: -0.01 } })).toThrow(/must be 0 or more: a rule has no negative hits/);
    expect(() => made({ profanty: { target: 0.01 } })).toThrow(/did you mean "profanity"/);
    expect(() => made({ profanity: { treshold: 0 } })).toThrow(/treshold/);
    expect(() => made({ harm: { target: -1 } })).not.toThrow();
  });
});

test('prices that could never change, and repeated names, are refused', () => {
  expect(() => startConstraints([constraint('harm', 0, {})])).toThrow(/"harm" is 0; it must be above 0/);
  expect(() => startConstraints([constraint('harm', 9, {})])).toThrow(/at most 5/);
  expect(() => startConstraints([constraint('harm', -1)])).toThrow(/it must be 0 or more/);
  expect(() => startConstraints([constraint('harm', 1), constraint('harm', 1)])).toThrow(/the name "harm"/);
});
