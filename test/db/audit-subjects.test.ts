// The audit log names what its entries are about, as far as it still has a name.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rule } from '@/core/constraints/rules';
import { importFile } from '@/server/services/exchange/import';
import { pair } from './exchange-world';
import { type Api, callAs, createUser, createWorld, type World } from './world';

let world: World;
let admin: Api;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
});
afterAll(() => world?.close());

it('people, rules, judges and sets have their names; settings and what is gone have none', async () => {
  const person = await createUser(world.web);
  await admin.user.setRole({ id: person, role: 'rater' });
  await admin.rule.save({
    rule: Rule.parse({ id: 'brand', name: 'Brand', kind: 'phrases', phrases: ['pizzazz'] }),
    expectedVersion: null,
  });
  const content = JSON.stringify({ prompt: 'Why?' });
  const set = await admin.ratingAdmin.uploadPrompts({ name: 'Questions', format: 'jsonl', content });
  const judge = await admin.judge.add({ kind: 'local', name: 'Home', labels: ['comparison'] });
  await admin.admin.setSettings({ comparisonShare: 0.5 });
  const file = path.join(path.dirname(world.artifacts), 'pairs.jsonl');
  await writeFile(file, pair(1));
  await importFile(world.web.product, file, { name: 'Pairs', by: 'test' });
  const { items } = await admin.admin.audit({});
  const named = Object.fromEntries(items.map(({ action, subject, subjectName }) => [action, [subject, subjectName]]));
  expect(named).toMatchObject({
    'user.role': [person, 'Ada'],
    'rule.add': ['brand', 'Brand'],
    'rating.upload': [set.id, 'Questions'],
    'feedback.import': [expect.any(String), 'Pairs'],
    'judge.add': [judge.id, 'Home'],
    'settings.change': ['comparisonShare', null],
  });
});
