// Figures over the newest votes and answers: equal to their definition on few rows, and found by index as tables grow.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { byIndex, hasFewVotes, newestVotes } from '@/db/feedback/newest-votes';
import { claimKept, dropClaim, readKept, writeKept } from '@/db/kept-figures';
import { estimateAnew, readTrust, reportNewest, reportRaters } from '@/db/raters/trust';
import { seedBase } from '@/db/release';
import { comparison, feedback, generation, raterStanding } from '@/db/schema';
import { countChoices, countThumbs, type Side, versionSide } from '@/server/rollout/answer-votes';
import { writeCrowd } from '@/test/crowd-votes';
import { createTestDatabase } from './database';

let db: Database;
let close: () => Promise<void>;
beforeAll(async () => {
  const database = await createTestDatabase();
  db = getDatabase(database.url);
  close = async () => {
    await closeDatabase(database.url);
    await database.drop();
  };
  await seedBase(db, { id: 'b', sha256: 'c' });
  await writeCrowd(db);
  await addThumbs();
});
afterAll(() => close?.());

/** On every third answer, some of them judged side by side, one excluded, and one by a judge. */
async function addThumbs() {
  await db.execute(sql`
    insert into ${feedback} (user_id, kind, generation_id, value, source)
    select (array['honest 1', 'honest 2', 'inverter'])[1 + n % 3], 'thumb', id, jsonb_build_object('up', n % 2 = 0),
      case when n = 9 then 'judge' else 'chat' end
    from (select id, row_number() over (order by id)::int as n from ${generation}) numbered where n % 3 = 0`);
  await db.execute(
    sql`update ${comparison} set source = 'side_by_side' where id in (select id from ${comparison} order by id limit 20)`,
  );
  const [one] = await db
    .select({ id: feedback.id })
    .from(feedback)
    .where(eq(feedback.kind, 'thumb'))
    .orderBy(feedback.id);
  await db.update(feedback).set({ excludedAt: new Date() }).where(eq(feedback.id, one!.id));
}

/** The definition: over everything, a row at a time. */
async function thumbsByDefinition(isOwn: (row: typeof generation.$inferSelect) => boolean) {
  const answers = new Map((await db.select().from(generation)).map((row) => [row.id, row]));
  const paired = new Set(
    (await db.select().from(comparison)).flatMap(({ source, leftGenerationId, rightGenerationId }) =>
      source === 'side_by_side' ? [leftGenerationId, rightGenerationId] : [],
    ),
  );
  const tallies = new Map<string, { person: string; up: number; n: number }>();
  for (const { userId, kind, value, generationId, excludedAt, source } of await db.select().from(feedback)) {
    if (kind !== 'thumb' || excludedAt || source === 'judge' || paired.has(generationId!)) continue;
    if (!isOwn(answers.get(generationId!)!)) continue;
    const tally = tallies.get(userId) ?? { person: userId, up: 0, n: 0 };
    tallies.set(userId, { ...tally, up: tally.up + ((value as { up: boolean }).up ? 1 : 0), n: tally.n + 1 });
  }
  return byPerson([...tallies.values()]);
}

async function choicesByDefinition(isOwn: (row: typeof generation.$inferSelect) => boolean) {
  const answers = new Map((await db.select().from(generation)).map((row) => [row.id, row]));
  const pairs = new Map((await db.select().from(comparison)).map((row) => [row.id, row]));
  const tallies = new Map<string, { person: string; wins: number; losses: number; ties: number; bothBad: number }>();
  for (const { userId, kind, value, comparisonId, excludedAt, source } of await db.select().from(feedback)) {
    if (kind !== 'comparison' || excludedAt || source === 'judge') continue;
    const { leftGenerationId, rightGenerationId } = pairs.get(comparisonId!)!;
    const [left, right] = [isOwn(answers.get(leftGenerationId)!), isOwn(answers.get(rightGenerationId)!)];
    if (left === right) continue;
    const { choice } = value as { choice: 'left' | 'right' | 'tie' | 'both_bad' };
    const tally = tallies.get(userId) ?? { person: userId, wins: 0, losses: 0, ties: 0, bothBad: 0 };
    if (choice === 'tie') tally.ties++;
    else if (choice === 'both_bad') tally.bothBad++;
    else if ((choice === 'left') === left) tally.wins++;
    else tally.losses++;
    tallies.set(userId, tally);
  }
  return byPerson([...tallies.values()]);
}

const byPerson = <Row extends { person: string }>(rows: Row[]) => rows.sort((a, b) => (a.person < b.person ? -1 : 1));

describe('votes on the newest answers', () => {
  it('of a version are those of the definition while it has few answers', async () => {
    for (const id of ['base', 'v1', 'v2']) {
      const isOwn = (row: typeof generation.$inferSelect) => row.versionId === id;
      const thumbs = byPerson(await byIndex(db, (tx) => countThumbs(tx, versionSide(id))));
      expect(thumbs).toEqual(await thumbsByDefinition(isOwn));
      expect(thumbs.length).toBeGreaterThan(0);
      const choices = byPerson(await byIndex(db, (tx) => countChoices(tx, versionSide(id))));
      expect(choices).toEqual(await choicesByDefinition(isOwn));
      expect(choices.length).toBeGreaterThan(0);
    }
  });
});

describe('the newest votes', () => {
  it('are the last by time and id, and all of them where there are no more', async () => {
    const all = await db.select().from(feedback);
    const few = await newestVotes(db, 'said', all.length);
    expect(few.isTruncated).toBe(false);
    expect(await db.select().from(feedback).where(few.isAmong)).toHaveLength(all.length);
    const { isAmong, isTruncated } = await newestVotes(db, 'said', 10);
    expect(isTruncated).toBe(true);
    const ordered = await db
      .select({ id: feedback.id })
      .from(feedback)
      .orderBy(sql`created_at desc, id desc`)
      .limit(10);
    const found = await db.select({ id: feedback.id }).from(feedback).where(isAmong);
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set(ordered.map(({ id }) => id)));
  });

  it('say the same of trust as all votes while there are few', async () => {
    expect(await hasFewVotes(db)).toBe(true);
    const sorted = ({ raters }: Awaited<ReturnType<typeof reportNewest>>) =>
      raters.map(({ rater, kind, weight, isInverted }) => `${rater} ${kind} ${isInverted ? -weight : weight}`).sort();
    expect(sorted(await reportNewest(db))).toEqual(sorted(await reportRaters(db)));
  });
});

describe('kept figures', () => {
  it('come back with their dates and maps, and are counted by one process at a time', async () => {
    const value = new Map([['a', { at: new Date(5), n: 1 }]]);
    expect(await readKept(db, 'k')).toBeNull();
    expect([await claimKept(db, 'k', 60), await claimKept(db, 'k', 60)]).toEqual([true, false]);
    expect(await readKept(db, 'k')).toBeNull();
    await writeKept(db, 'k', value);
    expect(await readKept(db, 'k')).toMatchObject({ value });
    expect(await claimKept(db, 'k', 60)).toBe(true);
    await dropClaim(db, 'k');
    expect(await claimKept(db, 'k', 60)).toBe(true);
    expect(await readKept(db, 'k')).toMatchObject({ value });
  });
});

describe('as tables grow', () => {
  /** Buffers that a statement touched. */
  async function pagesOf(statement: ReturnType<typeof sql>): Promise<number> {
    return byIndex(db, async (tx) => {
      const { rows } = await tx.execute<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
        sql`explain (analyze, buffers, format json) ${statement}`,
      );
      const plan = rows[0]!['QUERY PLAN'][0]!.Plan;
      return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
    });
  }
  /** Runs the counts with an executor that explains instead, and adds up their buffers. */
  async function pagesOfCounts(side: Side): Promise<number> {
    let pages = 0;
    const explaining = {
      execute: async (statement: ReturnType<typeof sql>) => {
        pages += await pagesOf(statement);
        return { rows: [] };
      },
    } as unknown as Database;
    await countThumbs(explaining, side);
    await countChoices(explaining, side);
    return pages;
  }
  const grow = async () => {
    await db.execute(sql`
      insert into message (id, conversation_id, parent_id, role, content)
      select gen_random_uuid(), conversation_id, parent_id, role, content from message
      where role = 'assistant' limit 3000`);
    await db.execute(sql`
      insert into generation (message_id, conversation_id, user_id, status, version_id, sampling, seed, prompt_ids)
      select m.id, m.conversation_id, 'honest 0', 'done', 'base', '{"temperature":1}', 1, '{1}' from message m
      where m.role = 'assistant' and not exists (select from generation g where g.message_id = m.id)`);
    await db.execute(sql`insert into ${feedback} (user_id, kind, generation_id, value)
      select 'honest 3', 'thumb', g.id, '{"up": true}' from generation g
      where g.version_id = 'base' and not exists (select from ${feedback} f where f.generation_id = g.id)`);
    await db.execute(sql`vacuum analyze`);
  };

  it('the votes on one version take as many pages, however many answers and votes others have', async () => {
    const before = await pagesOfCounts(versionSide('v1'));
    for (let doubled = 0; doubled < 4; doubled++) await grow();
    const [{ n }] = (await db.execute<{ n: number }>(sql`select count(*)::int as n from ${generation}`)).rows as [
      { n: number },
    ];
    expect(n).toBeGreaterThan(2000);
    // An index may be one level deeper.
    expect(await pagesOfCounts(versionSide('v1'))).toBeLessThan(2 * before);
  });

  it('the end of the newest votes is found in as many pages', async () => {
    const { rows } = await db.execute<{ n: number }>(sql`select count(*)::int as n from ${feedback}`);
    expect(rows[0]!.n).toBeGreaterThan(2000);
    const statement = sql`select id, created_at::text as at from ${feedback} where kind <> 'implicit'
      order by ${feedback.createdAt} desc, ${feedback.id} desc offset 10 limit 1`;
    expect(await pagesOf(statement)).toBeLessThan(20);
  });

  it('with many votes trust is that of the last estimate, under the present word of an admin', async () => {
    expect(await hasFewVotes(db)).toBe(false);
    const { raters } = await estimateAnew(db);
    const known = raters.find(
      ({ rater, kind, isInverted }) => rater === 'honest 3' && kind === 'thumb' && !isInverted,
    )!;
    expect((await readTrust(db))('honest 3', 'thumb')).toBe(known.weight);
    await db
      .insert(raterStanding)
      .values({ userId: 'honest 3', standing: 'banned', reason: 'a test', setBy: 'an admin' });
    expect((await readTrust(db))('honest 3', 'thumb')).toBe(0);
  });
});
