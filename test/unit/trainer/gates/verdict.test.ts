// What is said of gates: figures that look unequal, what was not judged, what to do, and words for every gate.
import { describe, expect, it } from 'vitest';
import en from '@/app/i18n/en.json';
import ja from '@/app/i18n/ja.json';
import { adviceOn } from '@/core/gates/advice';
import { GATE_NAMES, parseGateName, RULE_GATES } from '@/core/gates/names';
import { hasFailed, isAccepted, stateOf } from '@/core/gates/state';
import { Rng } from '@/core/rng';
import { reasonOf, sayVerdict } from '@/core/verdict';
import { judgeGates, verdictOf } from '@/trainer/gates/verdict';
import { figures, normals, reward, setOf } from './figures';

describe('a sentence about a gate', () => {
  const gate = (bound: 'min' | 'max' | 'above', value: number, threshold: number) => {
    const passed = { min: value >= threshold, max: value <= threshold, above: value > threshold }[bound];
    return { name: 'gate', value, threshold, bound, passed, note: '' };
  };

  it('agrees with the comparison for every bound: figures that differ look different', () => {
    expect(reasonOf(gate('max', 0.050001, 0.05))).toBe('gate is 0.050001, allowed at most 0.050000');
    expect(reasonOf(gate('min', 0.9499999, 0.95))).toBe('gate is 0.9499999, allowed at least 0.9500000');
    for (const bound of ['min', 'max', 'above'] as const) {
      const rng = new Rng(5);
      for (let i = 0; i < 200; i++) {
        const [value, threshold] = [rng.uniform(), rng.uniform()].map((x) => Math.round(x * 20) / 20) as [
          number,
          number,
        ];
        const judged = gate(bound, value + 1e-7 * rng.normal(), threshold);
        if (judged.passed) continue;
        const [, shown, words, limit] = /is (\S+), allowed (.+) (\S+)$/.exec(reasonOf(judged))!;
        const [a, b] = [Number(shown), Number(limit)];
        const isAllowed = { 'at least': a >= b, 'at most': a <= b, 'only above': a > b }[words!];
        expect(isAllowed).toBe(false);
      }
    }
  });
});

describe('a verdict', () => {
  const counts = { 'comparison/train': 9, 'left_out/same_answer': 3, 'left_out/too_long': 1 };

  it('counts the gates that passed, and says how training ended and what it left out', () => {
    const said = sayVerdict(
      verdictOf('v1', judgeGates(figures()), [{ code: 'iterations_done', iterations: 4 }], counts),
    );
    expect(said).toBe(
      `v1 passed ${GATE_NAMES.length - 1} gates and failed none. All 4 iterations are done. ` +
        'Left out: 3 pairs of two equal answers, 1 row too long for the base.',
    );
  });

  it('names what could not be judged and what it needs, and that rejects nothing', () => {
    const gates = judgeGates(figures({ reward: reward({ votes: [] }) }));
    expect(isAccepted(gates)).toBe(true);
    expect(sayVerdict(verdictOf('v1', gates, [], {}))).toMatch(
      /failed none\. Not judged: reward_accuracy \(0 pairs, needs 400\), reward_calibration \(0 pairs, needs 30\)\.$/,
    );
  });

  it('of a rejected run says what to do, with its own figures', () => {
    const gain = { name: 'heldout_reward_gain' as const, candidate: [0.1, 0.9], parent: [0, 0], prompts: ['a', 'b'] };
    const gates = judgeGates(figures({ gain }));
    expect(gates.filter(hasFailed)).toHaveLength(1);
    expect(sayVerdict(verdictOf('v1', gates, [], {}))).toBe(
      'v1 was rejected: heldout_reward_gain is 0.500, allowed only above 0.800. ' +
        '2 pairs to 2 prompts: collect votes on 41 prompts, or train longer.',
    );
  });

  it('never repeats a note, which may name what a rule forbids', () => {
    const { candidate, parent } = figures();
    const swearing = setOf(candidate.answers, { secret: candidate.answers.map(() => 1) });
    const gates = judgeGates(
      figures({ candidate: swearing, parent: setOf(parent.answers, { secret: parent.answers.map(() => 0) }) }),
    );
    const [statement] = verdictOf('v1', gates, [], {});
    expect(JSON.stringify(statement)).not.toContain('note');
    expect(stateOf(gates.find(({ name }) => name === 'constraint/secret')!)).toBe('failed');
  });
});

it('every gate has a name, a meaning and an advice in both languages, and an advice for the command line', () => {
  for (const words of [en, ja]) {
    const keys = [...GATE_NAMES, 'rule', 'redTeam'] as string[];
    expect(Object.keys(words.gateNames).sort()).toEqual([...keys].sort());
    expect(Object.keys(words.gateMeaning).sort()).toEqual([...keys].sort());
    const gains = ['heldout_reward_gain', 'heldout_demonstration_gain'];
    const advised = [...keys.filter((key) => !gains.includes(key)), 'gain', 'noGain'];
    expect(Object.keys(words.gateAdvice).sort()).toEqual(advised.sort());
    expect(Object.keys(words.changes.gate).sort()).toEqual([...GATE_NAMES, 'rules'].sort());
  }
  for (const name of [...GATE_NAMES, ...RULE_GATES.map((gate) => `${gate}/x`)])
    expect(adviceOn({ name })).toMatch(/\.$/);
  expect(parseGateName('red_team/my/rule')).toEqual({ gate: 'red_team', rule: 'my/rule' });
  expect(adviceOn({ name: 'unheard_of' })).toBe('');
});

it('judges every gate that has a name', () => {
  const shown = judgeGates(
    figures({ gain: { ...figures().gain, name: 'heldout_demonstration_gain', candidate: normals(1, 64, 2) } }),
  );
  const judged = new Set([...judgeGates(figures()), ...shown].map(({ name }) => name));
  expect([...judged].sort()).toEqual([...GATE_NAMES].sort());
});
