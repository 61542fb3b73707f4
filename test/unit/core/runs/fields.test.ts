// The fields of the form for a run are those of the objects that check it.
import { expect, it } from 'vitest';
import { type SettingField, settingFields } from '@/core/config/fields';
import { PRESETS, parseConfig, readConfig } from '@/core/config/presets';

const fields = settingFields();
const byName = new Map(fields.map((field) => [field.name, field]));

it('every setting has a sentence that explains it', () => {
  expect(fields.length).toBeGreaterThan(200);
  expect(fields.filter(({ description }) => description === '').map(({ name }) => name)).toEqual([]);
});

it('limits, units, choices and what may be left out are as the schema has them', () => {
  const field = (name: string): Partial<SettingField> => byName.get(name)!;
  expect(field('ppo.learningRate')).toMatchObject({
    type: 'number',
    min: 0,
    isAboveMin: true,
    max: null,
    default: 3e-4,
  });
  expect(field('ppo.iterations')).toMatchObject({ type: 'integer', min: 1, isAboveMin: false, max: null });
  expect(field('ppo.storedShare')).toMatchObject({ min: 0, max: 0.9, isBelowMax: false });
  expect(field('ppo.maxPromptTokens')).toMatchObject({ unit: 'tokens' });
  expect(field('ppo.dualClip')).toMatchObject({ isNullable: true, min: 1, isAboveMin: true });
  expect(field('ppo.schedule')).toMatchObject({ type: 'select', options: ['constant', 'linear', 'cosine'] });
  expect(field('ppo.importanceBounds')).toMatchObject({ type: 'json', default: [0.5, 2] });
  expect(field('sft')).toMatchObject({ type: 'group', isNullable: true, default: null });
  expect(field('ppo.adaptiveKl.target_kl_per_sequence').default).toBeUndefined();
  expect(field('algorithm')).toMatchObject({ type: 'select', isNullable: true, default: 'ppo' });
  // An algorithm that starts from another value explains the setting all the same.
  expect(field('grpo.klCoefficient')).toMatchObject({
    default: 0.04,
    description: field('ppo.klCoefficient').description,
  });
});

it('the default of every field is what the trainer takes', () => {
  const settings = parseConfig({ sft: {}, costModel: {}, rewardModel: { trust: {}, probe: {} } });
  for (const { name, path, type, default: expected } of fields) {
    if (type === 'group' || expected === undefined || name.startsWith('sft.seed')) continue;
    let value: unknown = settings;
    for (const key of path) value = (value as Record<string, unknown> | null | undefined)?.[key];
    if (value === undefined || value === null) continue; // inside a group that is off
    expect(value, name).toEqual(expected);
  }
});

it('a problem names the field beside which it is shown', () => {
  const problemsOf = (config: Record<string, unknown>) => {
    const read = readConfig(config);
    return 'problems' in read ? read.problems.map(({ path }) => path) : [];
  };
  expect(problemsOf({ preset: 'demo-cpu', ppo: { clip: -1 }, 'online-dpo': { minibatch: 3 } })).toEqual([
    'ppo.clip',
    byName.get('["online-dpo"].minibatch')!.name,
  ]);
  expect(problemsOf({ preset: 'huge' })).toEqual(['preset']);
  expect(problemsOf({ seed: -1 })).toEqual(['seed']);
  expect(problemsOf({ preset: 'cpu', seed: 3 })).toEqual([]);
});

it('the settings of every preset are allowed by its fields', () => {
  for (const preset of Object.values(PRESETS)) {
    for (const { name, path, type, min, isAboveMin } of fields) {
      let value: unknown = preset;
      for (const key of path) value = (value as Record<string, unknown> | null | undefined)?.[key];
      if (typeof value !== 'number' || type === 'json' || min === null) continue;
      expect(isAboveMin ? value > min : value >= min, name).toBe(true);
    }
  }
});
