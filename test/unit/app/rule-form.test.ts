// The form of a rule is made from its schema: it has words for everything in both languages and loses nothing.
import { describe, expect, it, test } from 'vitest';
import { describeKinds } from '@/app/admin/rules/describe-kinds';
import { settingsOf, shownFields, typedOf } from '@/app/admin/rules/form';
import { freeId } from '@/app/admin/rules/free-id';
import en from '@/app/i18n/en.json';
import ja from '@/app/i18n/ja.json';
import { RULE_TEMPLATES } from '@/core/constraints/templates';

const forms = describeKinds();
const fields = Object.values(forms).flat();

describe.each([
  ['English', en.rules],
  ['Japanese', ja.rules],
])('%s', (_, { kinds, fields: labels, hints, values, templates }) => {
  it('has words for every kind, every field and every choice', () => {
    expect(Object.keys(kinds).sort()).toEqual(Object.keys(forms).sort());
    for (const field of fields) {
      expect(labels).toHaveProperty([field.name], expect.stringMatching(/./));
      // The browser knows the names of languages.
      if (!('options' in field) || field.name === 'languages') continue;
      for (const option of field.options)
        expect(values).toHaveProperty([field.name, option], expect.stringMatching(/./));
    }
  });

  it('has a name for every template, and no two have the same', () => {
    expect(Object.keys(templates).sort()).toEqual(RULE_TEMPLATES.map(({ id }) => id).sort());
    expect(new Set(Object.values(templates)).size).toBe(RULE_TEMPLATES.length);
  });

  it('has no hint for a field that no kind has', () => {
    const known = Object.entries(forms).flatMap(([kind, own]) => own.flatMap(({ name }) => [name, `${kind}_${name}`]));
    expect(known).toEqual(expect.arrayContaining(Object.keys(hints)));
  });
});

test.each(RULE_TEMPLATES.map((rule) => [rule.id, rule] as const))(
  '%s comes back from its form as it was',
  (_, rule) => {
    const { id, version, kind, examples, ...settings } = rule;
    expect(settingsOf(forms[kind], typedOf(forms[kind], rule))).toEqual(settings);
  },
);

test('what training charges is asked only of rules that it charges', () => {
  const shown = (kind: keyof typeof forms) => shownFields(forms[kind], kind).map(({ name }) => name);
  expect(shown('classifier')).toEqual(forms.classifier.map(({ name }) => name));
  expect(forms.http.map(({ name }) => name).filter((name) => !shown('http').includes(name))).toEqual([
    'cost',
    'target',
  ]);
});

test('the address of a server is required', () => {
  expect(forms.http.find(({ name }) => name === 'url')).toMatchObject({ isRequired: true });
});

test('a new rule is offered an id that no rule has or had', () => {
  expect(freeId('profanity', [])).toBe('profanity');
  expect(freeId('profanity', ['profanity', 'profanity-2', 'profanity-4'])).toBe('profanity-3');
});

test('blank lines are no entries, an empty optional field is null, and a label may have blanks in it', () => {
  const typed = (name: string, value: string) => {
    const field = fields.find((own) => own.name === name)!;
    return settingsOf([field], { [name]: value })[name];
  };
  expect(typed('phrases', ' one \n\ntwo words\n')).toEqual(['one', 'two words']);
  expect(typed('target', ' ')).toBeNull();
  expect(typed('message', '')).toBeNull();
  expect(typed('name', '')).toBe('');
  expect(typed('cost', '2.5')).toBe(2.5);
  expect(typed('cost', '')).toBeNaN();
  expect(typed('thresholds', 'very toxic 0.5\ninsult 0.25')).toEqual({ 'very toxic': 0.5, insult: 0.25 });
});
