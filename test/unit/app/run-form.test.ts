// The form for a run: what is typed becomes an order that holds only what differs, and an order becomes a form again.
import { expect, it } from 'vitest';
import { configOf, type Draft, draftOf, initialOf, isOpen } from '@/app/admin/runs/new/draft';
import { sectionsOf } from '@/app/admin/runs/new/sections';
import words from '@/app/i18n/run-settings.ja.json';
import { settingFields } from '@/core/config/fields';
import { ALGORITHMS } from '@/core/config/policy';
import { PRESETS, parseConfig } from '@/core/config/presets';

const fields = settingFields();
const preset = PRESETS['demo-cpu'];
const field = (name: string) => fields.find((one) => one.name === name)!;
const draft = (changes: Draft['changes'], seed = ''): Draft => ({ preset: 'demo-cpu', seed, changes });

it('an untouched form orders the preset and nothing else', () => {
  expect(configOf(draft({}), fields, preset)).toEqual({ preset: 'demo-cpu' });
});

it('only what was changed is sent, at its place and as what it means', () => {
  const changes = {
    'ppo.clip': '0.3',
    'ppo.dualClip': null,
    'ppo.importanceBounds': '[0.4, 3]',
    'ppo.whitenRewards': true,
    algorithm: 'ppo',
  };
  const config = configOf(draft(changes, '7'), fields, preset);
  expect(config).toEqual({
    ...{ preset: 'demo-cpu', seed: 7, algorithm: 'ppo' },
    ppo: { clip: 0.3, dualClip: null, importanceBounds: [0.4, 3], whitenRewards: true },
  });
  expect(parseConfig(config).ppo).toMatchObject({ clip: 0.3, sequences: preset.ppo.sequences });
});

it('a slip stays as it was typed, so that the server names it', () => {
  const config = configOf(draft({ 'ppo.clip': 'a lot', 'ppo.importanceBounds': '[' }, 'x'), fields, preset);
  expect(config).toEqual({ preset: 'demo-cpu', seed: 'x', ppo: { clip: 'a lot', importanceBounds: '[' } });
});

it('a part that is off hides its settings and is ordered as null; one that is on starts from its defaults', () => {
  const inside = field('sft.epochs');
  expect(isOpen(inside, fields, draft({}), preset)).toBe(false);
  const on = draft({ sft: true, 'sft.epochs': '3' });
  expect(isOpen(inside, fields, on, preset)).toBe(true);
  expect(initialOf(inside, preset)).toBe('2');
  expect(configOf(on, fields, preset)).toEqual({ preset: 'demo-cpu', sft: { epochs: 3 } });
  const off = draft({ 'rewardModel.trust': false, 'rewardModel.trust.rounds': '4' });
  expect(configOf(off, fields, preset)).toEqual({ preset: 'demo-cpu', rewardModel: { trust: null } });
});

it('an order becomes the form that gives the same order', () => {
  const order = {
    ...{ preset: 'demo-cpu', seed: 3, algorithm: 'dpo', sft: {} },
    ...{ dpo: { beta: 0.2 }, 'online-dpo': { minibatch: 4 }, rewardModel: { probe: { folds: 4 }, trust: null } },
    targetMix: { language: { en: 1, ja: 1 } },
  };
  expect(configOf(draftOf(order, fields)!, fields, preset)).toEqual(order);
});

it('an order with a setting that has no field is not shown as a form', () => {
  expect(draftOf({ preset: 'cpu', ppo: { iteratoins: 3 } }, fields)).toBeNull();
  expect(draftOf({ ppo: { clip: 0.1 } }, fields)).toEqual({ preset: null, seed: '', changes: { 'ppo.clip': '0.1' } });
});

it('every setting of the chosen algorithm has its place once, and those of others have none', () => {
  const { usual, sections } = sectionsOf(fields, ALGORITHMS, 'grpo');
  const placed = [...usual, ...sections.flatMap((section) => section.fields)];
  expect(new Set(placed).size).toBe(placed.length);
  const expected = fields.filter(({ path: [first] }) => first === 'grpo' || !ALGORITHMS.some((name) => name === first));
  expect(new Set(placed)).toEqual(new Set(expected));
  expect(usual.map(({ name }) => name)).toContain('grpo.klCoefficient');
});

it('every setting has Japanese words, and every word is for a setting', () => {
  const keysOf = ({ path }: (typeof fields)[number]) => [`${path[0]}.${path.at(-1)}`, path.join('.'), path.at(-1)!];
  expect(fields.filter((one) => !keysOf(one).some((key) => key in words)).map(({ name }) => name)).toEqual([]);
  const known = new Set(fields.flatMap(keysOf));
  expect(Object.keys(words).filter((key) => !known.has(key))).toEqual([]);
});
