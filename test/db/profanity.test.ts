// A model that always swears: the word reaches neither a page nor a message row.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { judge } from '@/core/constraints/judge';
import { generation, message } from '@/db/schema';
import { readHits } from '@/server/services/rule/hit';
import { callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;

beforeAll(async () => {
  world = await createWorld({ seed: 1, alwaysSay: 'oh fuck!' });
});
afterAll(() => world?.close());

it('no event of either answer and no message row holds the word; the generation row says what was hidden', async () => {
  const { web } = world;
  const admin = callAs(web, await createUser(web, 'admin'), 'admin');
  await admin.admin.setSettings({ comparisonShare: 1 });
  const rules = await web.product.rules.current();
  const ada = callAs(web, await createUser(web));
  const { answers } = await send(ada, 'Well, shit');
  expect(answers).toHaveLength(2);
  for (const answer of answers) {
    for (const [, event] of await readStream(ada, answer)) {
      expect(judge(rules, event.text).hits).toEqual([]);
      expect('oh ████!'.startsWith(event.text) || event.type === 'delta').toBe(true);
    }
  }
  const rows = await web.product.db.select().from(generation);
  const hits = await readHits(
    web.product.db,
    rows.map(({ id }) => id),
  );
  for (const row of rows) {
    // The stored tokens are what the model really said: training needs them unmasked.
    expect(web.product.base.tokenizer.decode(row.completionIds)).toContain('fuck');
    expect(hits.get(row.id)).toMatchObject([
      { ruleId: 'profanity', ruleVersion: 1, action: 'mask', start: 3, end: 7, messageId: null },
    ]);
    expect(row.constraintRulesVersion).toBe(rules.version);
  }
  const messages = await web.product.db.select().from(message);
  expect(messages.filter((row) => row.role === 'assistant').map((row) => row.content)).toEqual([
    'oh ████!',
    'oh ████!',
  ]);
  // A person's own words are recorded and not masked.
  const said = messages.find((row) => row.role === 'user')!;
  expect(said.content).toBe('Well, shit');
  const [hit] = judge(rules, 'Well, shit').hits;
  expect((await readHits(web.product.db, [said.id])).get(said.id)).toMatchObject([{ ...hit, action: 'flag' }]);
});
