// Two versions side by side: their figures, and answers to the same prompts that leave nothing behind.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generation } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import type { AnswerEvent } from '@/server/services/version/compare/answers';
import { type Api, callAs, createUser, createWorld, publishVersion, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let admin: Api;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  admin = callAs(web, await createUser(web, 'admin'), 'admin');
  for (const id of ['v1', 'v22']) await publishVersion(web, world.artifacts, id);
});
afterAll(() => world?.close());

type Order = Parameters<Api['version']['answers']>[0];
const order = (more: Partial<Order> = {}): Order => ({
  ...{ a: 'base', b: 'v1', source: { kind: 'own', text: 'Why?' }, seed: 3, maxTokens: 6 },
  ...more,
});
async function ask(more: Partial<Order> = {}): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  for await (const event of await admin.version.answers(order(more))) events.push(event as AnswerEvent);
  return events;
}
const texts = (events: AnswerEvent[]) => events.map((event) => (event.type === 'answer' ? event.text : ''));

it('counts comparisons of the two with each other, apart from those with other versions', async () => {
  await admin.admin.setSettings({ comparisonShare: 1 });
  const ada = callAs(web, await createUser(web));
  for (const [candidateVersionId, wins] of [
    ['v1', true],
    ['v1', true],
    ['v22', false],
  ] as const) {
    const { id } = await admin.admin.startExperiment({ candidateVersionId, share: 0.5, name: 'x' });
    const sent = await send(ada, 'Hi', { sampling: { maxTokens: 2 } });
    for (const answer of sent.answers) await readStream(ada, answer);
    const [left] = await web.product.db
      .select({ versionId: generation.versionId })
      .from(generation)
      .where(sql`id = ${sent.answers[0]!.generationId}`);
    const choice = (left!.versionId === candidateVersionId) === wins ? 'left' : 'right';
    await ada.feedback.give({ kind: 'comparison', comparisonId: sent.comparisonId!, value: { choice } });
    await admin.admin.stopExperiment({ id });
  }
  const { a, b, between } = await admin.version.compare({ a: 'base', b: 'v1' });
  expect([a.sideBySide.wins, a.sideBySide.losses]).toEqual([1, 2]);
  expect([b.sideBySide.wins, b.sideBySide.losses]).toEqual([2, 0]);
  expect([between.wins, between.losses]).toEqual([2, 0]);
  expect(a.stats).toMatchObject({ answers: 3, durationMs: expect.any(Number) });
  await expect(admin.version.compare({ a: 'v1', b: 'v1' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(admin.version.compare({ a: 'v1', b: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('the same seed gives the same answers, another one others, and nothing is stored', async () => {
  const rows = async () =>
    (await web.product.db.execute(sql`select (select count(*) from generation) g, (select count(*) from message) m`))
      .rows;
  const before = await rows();
  const events = await ask();
  expect(events.map((event) => (event.type === 'answer' ? [event.prompt, event.side] : event.prompts))).toEqual([
    ['Why?'],
    [0, 'a'],
    [0, 'b'],
  ]);
  expect(texts(await ask())).toEqual(texts(events));
  expect(texts(await ask({ seed: 4 }))).not.toEqual(texts(events));
  const [, own, same] = texts(await ask({ b: 'base' }));
  expect(same).toBe(own);
  expect(await rows()).toEqual(before);
});

it('asks the last question of each prompt of a set, without the answers that were uploaded', async () => {
  const lines = [
    { prompt: 'One', answers: ['A', 'B'] },
    {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Yes?' },
        { role: 'user', content: 'Two' },
      ],
    },
  ];
  const content = lines.map((line) => JSON.stringify(line)).join('\n');
  const { id } = await admin.ratingAdmin.uploadPrompts({ name: 'set', format: 'jsonl', content });
  const [first, ...answers] = await ask({ source: { kind: 'set', id }, maxTokens: 2 });
  expect(first!.type === 'prompts' && [...first!.prompts].sort()).toEqual(['One', 'Two']);
  expect(answers).toHaveLength(4);
  const nowhere = { kind: 'set', id: '00000000-0000-4000-8000-000000000000' } as const;
  await expect(ask({ source: nowhere })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('ends at once when the admin leaves, and the engine with it', async () => {
  for await (const _ of await admin.version.answers(order({ source: { kind: 'examples' }, maxTokens: 512 }))) break;
  const isIdle = async () => {
    const { running, waiting } = await web.product.engine.status();
    return running + waiting;
  };
  await expect.poll(isIdle).toBe(0);
});
