// The registry of versions: tags and notes, what retiring forbids, deleted files, and acts that race with a release.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { queueRun } from '@/db/runs/queue';
import { audit, experiment, release, trainingRun, version, versionTag } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type Api, callAs, createUser, createWorld, publishVersion, type World } from './world';

let world: World;
let web: WebProcess;
let actorId: string;
let api: Api;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  actorId = await createUser(web, 'admin');
  api = callAs(web, actorId, 'admin');
  for (const id of ['v1', 'v2', 'v3']) await publishVersion(web, world.artifacts, id);
});
afterAll(() => world?.close());
beforeEach(async () => {
  const { db } = web.product;
  await db.update(experiment).set({ status: 'stopped' });
  await db.delete(release);
  await db.delete(versionTag);
  await db.delete(trainingRun);
  await db.delete(audit);
  await db.update(version).set({ retiredAt: null, retiredReason: null, filesDeletedAt: null, note: '' });
  await db.insert(release).values({ versionId: 'base', action: 'initial' });
});

const actions = async () => (await web.product.db.select().from(audit).orderBy(audit.id)).map(({ action }) => action);
const retire = (id: string) => api.version.retire({ id, reason: 'It is rude.' });

describe('tags', () => {
  it('are one tag however they are spelt, several a version and several versions a tag, each change audited once', async () => {
    await api.version.addTag({ id: 'v1', tag: ' Good-Tone ' });
    await api.version.addTag({ id: 'v1', tag: 'good-tone' });
    await api.version.addTag({ id: 'v1', tag: '短い' });
    await api.version.addTag({ id: 'v2', tag: 'good-tone' });
    expect((await api.version.get({ id: 'v1' })).tags).toEqual(['good-tone', '短い']);
    expect((await api.version.list({ tag: 'GOOD-TONE' })).items.map(({ id }) => id).sort()).toEqual(['v1', 'v2']);
    expect((await api.version.registry()).tags).toEqual([
      { tag: 'good-tone', versions: 2 },
      { tag: '短い', versions: 1 },
    ]);
    await api.version.removeTag({ id: 'v1', tag: 'good-tone' });
    await api.version.removeTag({ id: 'v1', tag: 'good-tone' });
    expect((await api.version.get({ id: 'v1' })).tags).toEqual(['短い']);
    expect(await actions()).toEqual(['version.tag', 'version.tag', 'version.tag', 'version.untag']);
  });

  it.each(['two words', '', '-x', 'a'.repeat(41), '<b>'])('%j is none', async (tag) => {
    await expect(api.version.addTag({ id: 'v1', tag })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('are at most twelve, also when twenty are added at once', async () => {
    const added = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => api.version.addTag({ id: 'v1', tag: `t${i}` })),
    );
    expect(added.filter(({ status }) => status === 'fulfilled')).toHaveLength(12);
    expect((await api.version.get({ id: 'v1' })).tags).toHaveLength(12);
  });
});

it('a note is found by the search, and its change is audited with what it said before', async () => {
  await api.version.setNote({ id: 'v2', note: ' Speaks 100% plainly ' });
  await api.version.setNote({ id: 'v2', note: 'Speaks 100% plainly' });
  expect((await api.version.list({ text: '100%' })).items).toMatchObject([{ id: 'v2', note: 'Speaks 100% plainly' }]);
  expect((await api.version.list({ text: '0%x' })).items).toEqual([]);
  expect(await web.product.db.select().from(audit)).toMatchObject([
    { action: 'version.note', subject: 'v2', actorId, detail: { from: '', to: 'Speaks 100% plainly' } },
  ]);
});

describe('a retired version', () => {
  it('can be neither promoted, tried, rolled back to nor named in a request, until it is restored', async () => {
    await retire('v1');
    const refused = { code: 'CONFLICT', message: expect.stringContaining('v1 is retired (It is rude.)') };
    await expect(api.admin.promote({ versionId: 'v1' })).rejects.toMatchObject(refused);
    const experimentOf = { candidateVersionId: 'v1', share: 0.5, name: 'x' };
    await expect(api.admin.startExperiment(experimentOf)).rejects.toMatchObject(refused);
    await expect(api.admin.startCanary({ candidateVersionId: 'v1' })).rejects.toMatchObject(refused);
    expect(await api.version.names()).toContainEqual({
      ...{ id: 'v1', status: 'accepted', isRetired: true, isChampion: false },
    });
    await api.version.restore({ id: 'v1' });
    await api.admin.promote({ versionId: 'v1' });
    expect((await api.version.registry()).championId).toBe('v1');
  });

  it('is passed over by a rollback, which leads to what served before it', async () => {
    for (const versionId of ['v1', 'v2', 'v3']) await api.admin.promote({ versionId });
    expect((await api.version.registry()).previousId).toBe('v2');
    await retire('v2');
    expect((await api.version.registry()).previousId).toBe('v1');
    await expect(api.admin.rollback({ toVersionId: 'v2' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await api.admin.rollback({})).toEqual({ versionId: 'v1' });
    const { services } = await api.version.get({ id: 'v1' });
    expect(services.map(({ action, to }) => [action, to === null])).toEqual([
      ['rollback', true],
      ['promote', false],
    ]);
  });

  it('is not the base, the champion, an arm of a running experiment, or the parent of a run that has not ended', async () => {
    await expect(retire('base')).rejects.toMatchObject({ code: 'CONFLICT' });
    await api.admin.promote({ versionId: 'v1' });
    await expect(retire('v1')).rejects.toMatchObject({ message: expect.stringContaining('is the champion') });
    await web.product.db.transaction((tx) => queueRun(tx, { trigger: 'button', requestedBy: null, config: {} }));
    await api.admin.promote({ versionId: 'v2' });
    await expect(retire('v1')).rejects.toMatchObject({ message: expect.stringContaining('run that has not ended') });
    const { id } = await api.admin.startExperiment({ candidateVersionId: 'v3', share: 0.5, name: 'x' });
    await expect(retire('v3')).rejects.toMatchObject({ message: expect.stringContaining('running experiment') });
    expect((await api.version.get({ id: 'v3' })).inUse).toBe('arm');
    await api.admin.stopExperiment({ id });
    await retire('v3');
    await expect(retire('v3')).rejects.toMatchObject({ message: expect.stringContaining('retired already') });
  });

  it('never serves: of a promotion and a retirement at the same moment one is refused', async () => {
    for (let at = 0; at < 6; at++) {
      const [promoted, retired] = await Promise.allSettled([api.admin.promote({ versionId: 'v1' }), retire('v1')]);
      const { isChampion, isRetired } = await api.version.get({ id: 'v1' });
      expect([promoted.status, retired.status].sort()).toEqual(['fulfilled', 'rejected']);
      expect([isChampion, isRetired]).toEqual([promoted.status === 'fulfilled', retired.status === 'fulfilled']);
      if (isChampion) await api.admin.rollback({});
      else await api.version.restore({ id: 'v1' });
    }
  });

  it('loses its files only when it is retired, and then stays retired', async () => {
    await publishVersion(web, world.artifacts, 'v-gone');
    const folder = path.join(world.artifacts, 'v-gone');
    await expect(api.version.deleteFiles({ id: 'v-gone' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await retire('v-gone');
    expect(await api.version.get({ id: 'v-gone' })).toMatchObject({ hasFiles: true, filesDeletedAt: null });
    await api.version.deleteFiles({ id: 'v-gone' });
    expect(existsSync(folder)).toBe(false);
    expect(await api.version.get({ id: 'v-gone' })).toMatchObject({
      hasFiles: false,
      filesDeletedAt: expect.any(Date),
    });
    await expect(api.version.restore({ id: 'v-gone' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await actions()).toEqual(['version.retire', 'version.delete_files']);
    await web.product.db.execute(sql`delete from version where id = 'v-gone'`);
  });
});

it('a list of 1,000 versions comes in pages without a gap or a repeat, the newest first', async () => {
  const { db } = web.product;
  await db.execute(sql`insert into version (id, parent_id, base_id, base_sha256, status, created_at)
    select 'n' || i, 'base', 'b', repeat('0', 64), (array['accepted', 'rejected']::version_status[])[1 + i % 2],
      now() - make_interval(secs => i / 3) from generate_series(1, 1000) i`);
  const seen: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = await api.version.list({ state: 'rejected', cursor });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  expect(seen).toHaveLength(500);
  expect(new Set(seen).size).toBe(500);
  const { rows } = await db.execute<{ id: string }>(
    sql`select id from version where status = 'rejected' order by created_at desc, id desc`,
  );
  expect(seen).toEqual(rows.map(({ id }) => id));
  await db.execute(sql`delete from version where id like 'n%'`);
});
