// How much of a snapshot the labels of judges may make up, and which.
import { readFile } from 'node:fs/promises';
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { parseRow, snapshotFile } from '@/core/snapshot/snapshot';
import * as schema from '@/db/schema';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { adminId, api, endpoint, openBench, web } from './judge-bench';
import { addPairs, endpointJudge, letWork, readJudge } from './judge-world';

openBench();

describe('a snapshot', () => {
  it('holds at most the share of judges’ labels, first of items on which people are divided, and traces each', async () => {
    const { db, base, snapshots } = web.product;
    const pairs = await addPairs(web, adminId, { pairs: 60, isUploaded: true, voted: 40 });
    const { id } = await api.add(endpointJudge(endpoint.url));
    await letWork(api, id, 'measure');
    await letWork(api, id, 'label');
    const { raterId } = await readJudge(api, id);
    // People keep one vote each on 20 pairs, and are divided on 4 of these.
    const given = await db.select().from(schema.feedback).where(eq(schema.feedback.source, 'workplace'));
    const order = pairs.map(({ generationIds }) => generationIds[0]);
    const stored = await db.select().from(schema.comparison);
    const placeOf = new Map(stored.map((pair) => [pair.id, order.indexOf(pair.leftGenerationId)]));
    const seen = new Map<number, number>();
    for (const row of given) {
      const place = placeOf.get(row.comparisonId!)!;
      const nth = seen.get(place) ?? 0;
      seen.set(place, nth + 1);
      const keeps = place < 4 ? nth < 2 : place < 16 && nth < 1;
      if (!keeps) await db.delete(schema.feedback).where(eq(schema.feedback.id, row.id));
      else if (place < 4 && nth === 1)
        await db
          .update(schema.feedback)
          .set({ value: { choice: pairs[place]!.isFirstBetter ? 'right' : 'left' } })
          .where(eq(schema.feedback.id, row.id));
    }
    const freeze = async (config: Record<string, unknown>) => {
      await db.insert(schema.trainingRun).values({ trigger: 'button', config, parentVersionId: 'base' });
      const lease = new RunLease(db, (await claimRun(db, 'test'))!, 'test');
      const frozen = await freezeSnapshot(lease, snapshots, base);
      await lease.finish('done', 'test');
      lease.close();
      const [row] = await db.select().from(schema.snapshot).where(eq(schema.snapshot.id, frozen));
      const lines = (await readFile(snapshotFile(snapshots, frozen), 'utf8')).trim().split('\n');
      const rows = lines.map(parseRow).filter((one) => one.kind === 'comparison');
      return {
        counts: row!.counts,
        judged: rows.filter((one) => one.isByJudge),
        people: rows.filter((one) => !one.isByJudge),
      };
    };
    const { judged, people, counts } = await freeze({ aiShare: 0.2 });
    // 4 pairs with two votes and 12 with one: 20 votes, to which a fifth adds 5.
    expect(people).toHaveLength(20);
    expect(judged).toHaveLength(5);
    expect(counts['left_out/over_ai_share']).toBe(55);
    const divided = pairs.slice(0, 4).map(({ generationIds }) => generationIds[0]);
    const kept = judged.map(({ left }) => left.generationId);
    expect(kept).toEqual(expect.arrayContaining(divided));
    const labels = await db.select().from(schema.judgeLabel);
    for (const row of judged) expect(labels.map(({ feedbackId }) => feedbackId)).toContain(row.feedbackId);
    expect(judged.every(({ trust }) => trust !== undefined)).toBe(true);
    expect((await freeze({ aiShare: 0 })).judged).toEqual([]);
    const all = await freeze({ aiShare: 1 });
    expect(all.judged).toHaveLength(60);
    expect(all.counts['left_out/over_ai_share']).toBeUndefined();
    expect((await freeze({})).judged).toHaveLength(20);

    // A ban weighs a judge like any rater; what is excluded is left out.
    await db.insert(schema.raterStanding).values({ userId: raterId, standing: 'banned', reason: 'r', setBy: adminId });
    expect((await freeze({})).judged.every(({ trust }) => trust === 0)).toBe(true);
  });
});
