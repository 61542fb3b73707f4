// A database with rules of before examples had sources is migrated in time, and keeps no example that cannot be read.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { RuleBase } from '@/core/constraints/rule';
import { migrateDatabase } from '@/db/migrate';

const MARKS = 200;
const NAME = 'attune_examples';
/** The first migration that knows where examples come from. */
const SOURCES = '0026_example_source';

let folder: string;
let server: pg.Client;
let client: pg.Client;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'attune-migrations-'));
  await cp('drizzle', folder, { recursive: true });
  const file = path.join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(await readFile(file, 'utf8')) as { entries: { tag: string }[] };
  const entries = journal.entries.filter(({ tag }) => tag < SOURCES);
  await writeFile(file, JSON.stringify({ ...journal, entries }));
  server = new pg.Client({ connectionString: inject('postgresUrl') });
  await server.connect();
  await server.query(`create database ${NAME}`);
  const own = new URL(inject('postgresUrl'));
  own.pathname = NAME;
  url = own.toString();
  await migrateDatabase(url, folder);
  client = new pg.Client({ connectionString: url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await server?.query(`drop database if exists ${NAME} with (force)`);
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

const write = (id: string, version: number, settings: object) =>
  client.query('insert into rule_version (rule_id, version, set_version, settings) values ($1, $2, $3, $4)', [
    ...[id, version, 1000 + version],
    JSON.stringify(settings),
  ]);
const newest = async (id: string): Promise<Record<string, unknown>> => {
  const { rows } = await client.query(
    'select settings from rule_version where rule_id = $1 order by version desc limit 1',
    [id],
  );
  return rows[0].settings;
};

it('hundreds of marks are tied to their hits within seconds, and what counts is the length that the product reads', async () => {
  const examples: object[] = [];
  for (let at = 0; at < MARKS; at++) {
    examples.push({ text: `A needle, the ${at}th, in a sentence of a person.`, isHit: false });
    await write('many', at + 1, { kind: 'phrases', phrases: ['needle'], examples });
    const { rows } = await client.query(
      `insert into constraint_hit (rule_id, rule_version, action, start, "end") values ('many', 1, 'flag', 2, 8) returning id`,
    );
    await client.query(
      `insert into audit (action, subject, detail, created_at) values
        ('rule.false_hit', 'many', $1, $3), ('rule.example', 'many', $2, $3)`,
      [JSON.stringify({ hitId: rows[0].id }), JSON.stringify({ version: at + 1 }), new Date(1e12 + 1000 * at)],
    );
  }
  const long = { text: '🤖'.repeat(2001), isHit: false };
  const fits = { text: '🤖'.repeat(2000), isHit: false };
  await write('robots', 1, { examples: [long, fits] });
  for (const [id, odd] of Object.entries({ none: undefined, empty: [], nothing: null, text: 'a', record: {} }))
    await write(id, 1, { name: id, examples: odd });

  const from = performance.now();
  await migrateDatabase(url);
  expect(performance.now() - from).toBeLessThan(20_000);

  const many = (await newest('many')).examples as { hitId?: string }[];
  expect(new Set(many.map(({ hitId }) => hitId)).size).toBe(MARKS);
  expect(await newest('robots')).toEqual({ examples: [fits] });
  for (const id of ['none', 'empty', 'nothing', 'text', 'record', 'robots'])
    expect(RuleBase.safeParse({ ...(await newest(id)), id }).success, id).toBe(true);

  await client.query(`delete from constraint_hit where id = any($1)`, [many.slice(0, 50).map(({ hitId }) => hitId)]);
  expect((await newest('many')).examples).toEqual(many.slice(50));
});
