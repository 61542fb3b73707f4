// The key of a judge’s endpoint: who sees it, when it is sent, and what becomes of it.
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { createEndpointReader } from '@/server/services/judge/endpoint';
import { ASKED, adminId, api, endpoint, logged, never, openBench, rowOf, second, web } from './judge-bench';
import { addPairs, endpointJudge, KEY, letWork } from './judge-world';

openBench();

describe('the key', () => {
  it('reaches its endpoint, and stands in no answer, log, audit or dump', async () => {
    await addPairs(web, adminId, { pairs: 3, isUploaded: true, voted: 3 });
    const { id } = await api.add(endpointJudge(endpoint.url));
    await letWork(api, id, 'measure');
    endpoint.rule.status = () => 401;
    await letWork(api, id, 'measure');
    const readerAtSecond = createEndpointReader(second.product, await rowOf(id));
    await expect(readerAtSecond.compare(ASKED, never())).rejects.toMatchObject({ trouble: 'refused' });
    second.product.log.warn({ judge: await rowOf(id) }, 'a row in a log');
    expect(new Set(endpoint.asked.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${KEY}`]));
    const answers = JSON.stringify([await api.list(), await api.labels({ judgeId: null }), await api.constitutions()]);
    expect(answers).not.toContain(KEY);
    expect(answers).not.toContain((await rowOf(id)).sealedKey);
    const { rows: tables } = await web.product.db.execute<{ name: string }>(
      sql`select tablename as name from pg_tables where schemaname = 'public'`,
    );
    let dumped = '';
    for (const { name } of tables) {
      const { rows } = await web.product.db.execute(sql`select * from ${sql.identifier(name)}`);
      dumped += JSON.stringify(rows);
    }
    expect(dumped).toContain(endpoint.url);
    expect(dumped).not.toContain(KEY);
    expect(logged.join('\n')).toContain('a row in a log');
    expect(logged.join('\n')).not.toContain(KEY);
  });

  it('is not sent again once it is replaced or removed, also by a judge at work', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url));
    const reader = createEndpointReader(web.product, await rowOf(id));
    await reader.compare(ASKED, never());
    await api.change({ id, change: { key: 'sk-new' } });
    await reader.compare(ASKED, never());
    await api.change({ id, change: { key: null } });
    await reader.compare(ASKED, never());
    expect(endpoint.asked.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${KEY}`,
      'Bearer sk-new',
      undefined,
    ]);
  });

  it('does not open in another row or after a change, and is gone once the judge is retired', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url));
    const other = await api.add(endpointJudge(endpoint.url, { key: 'another' }));
    const row = await rowOf(id);
    const moved = { ...(await rowOf(other.id)), sealedKey: row.sealedKey };
    const open = (own: typeof row) => () => createEndpointReader(web.product, own);
    expect(open(row)).not.toThrow();
    expect(open(moved)).toThrow(/key/);
    const bytes = Buffer.from(row.sealedKey!, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    expect(open({ ...row, sealedKey: bytes.toString('base64') })).toThrow(/key/);
    await api.retire({ id });
    expect(await rowOf(id)).toMatchObject({ sealedKey: null, activity: 'idle' });
    await expect(api.setActivity({ id, activity: 'measure' })).rejects.toThrow(/no judge/);
  });

  it('is sent to no address that the operator has not allowed', async () => {
    for (const url of ['http://127.0.0.2:9/v1', 'https://169.254.169.254/v1', 'https://[::1]/v1', 'ftp://example.com'])
      await expect(api.add(endpointJudge(url)), url).rejects.toThrow(/address|clear/);
  });
});
