// An import makes one set of a file, and is whole or not used at all.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Base } from '@/core/base/base';
import type { Database } from '@/db/client';
import { conversation, feedback, feedbackHistory, generation, importedFile, promptSet, user } from '@/db/schema';
import { importFile } from '@/server/services/exchange/import';
import { createExchangeWorld, type ExchangeWorld, pair } from './exchange-world';

let world: ExchangeWorld;
let db: Database;
let base: Base;
let folder: string;
beforeAll(async () => {
  world = await createExchangeWorld();
  ({ db, base, folder } = world);
});
afterAll(() => world?.close());
beforeEach(() => world.clear());

describe('an import', () => {
  it('makes one set, whose conversations have consent and whose people cannot sign in', async () => {
    const report = await world.importLines([pair(1), pair(2), pair(3), pair(4)], 'mine');
    expect(report).toMatchObject({ lines: 4, added: 4, present: 0, feedback: 4, leftOut: {}, isRepeated: false });
    expect(await db.select().from(promptSet)).toMatchObject([{ name: 'mine', createdBy: 'test' }]);
    const rows = await db.select().from(conversation);
    expect(rows.every(({ allowTraining, consentedAt }) => allowTraining && consentedAt !== null)).toBe(true);
    const people = await db.select().from(user);
    expect(people.map(({ name }) => name).sort()).toEqual(['mine', 'p0', 'p1', 'p2']);
    expect(people.every(({ email, isAnonymous }) => isAnonymous && email.endsWith('@import.attune.local'))).toBe(true);
    // The same person of the file is the same rater.
    expect(new Set((await db.select().from(feedback)).map(({ userId }) => userId)).size).toBe(3);
    const [made] = await db.select().from(generation);
    expect(made).toMatchObject({ versionId: null, status: 'done' });
    expect(base.tokenizer.decode(made!.completionIds)).toMatch(/^(good|bad) \d<\|im_end\|>$/);
  });

  it('of the same file again, or of lines that are there, adds nothing', async () => {
    const lines = [pair(1), pair(2), pair(2)];
    expect(await world.importLines(lines)).toMatchObject({ added: 2, present: 1 });
    expect(await world.importLines(lines)).toMatchObject({ isRepeated: true });
    expect(await world.importLines([pair(2), pair(3)])).toMatchObject({ added: 1, present: 1 });
    expect(await db.select().from(feedback)).toHaveLength(3);
    expect(await db.select().from(feedbackHistory)).toHaveLength(3);
  });

  it('with wrong lines names each of them and stores nothing', async () => {
    const failing = world.importLines([pair(1), '{"prompt": 1}', pair(2), 'no json']);
    await expect(failing).rejects.toThrow(/\.jsonl:2: .*\n.*\.jsonl:4: not JSON.*\nNothing was imported/);
    for (const table of [conversation, promptSet, importedFile, user])
      expect(await db.select().from(table)).toEqual([]);
  });

  it('that breaks off is not used by anything, and continues after what it has stored', async () => {
    const lines = Array.from({ length: 210 }, (_, n) => pair(n));
    const file = path.join(folder, 'long.jsonl.gz');
    await writeFile(file, gzipSync(lines.join('\n')));
    const stop = new AbortController();
    const onProgress = (step: string) => step === 'store' && stop.abort(new Error('stopped'));
    const options = { name: 'long', by: 'test' };
    await expect(importFile({ db, base }, file, { ...options, onProgress, signal: stop.signal })).rejects.toThrow(
      'stopped',
    );
    const half = await db.select().from(conversation);
    expect([half.length, half.some(({ allowTraining }) => allowTraining)]).toEqual([200, false]);
    expect(await world.exportAll()).toEqual([]);
    expect(await importFile({ db, base }, file, options)).toMatchObject({ lines: 210, added: 10, present: 0 });
    const whole = await db.select().from(conversation);
    expect([whole.length, whole.every(({ allowTraining }) => allowTraining)]).toEqual([210, true]);
  });

  it('by two processes at once stores each line once', async () => {
    const file = path.join(folder, 'twice.jsonl');
    await writeFile(file, Array.from({ length: 60 }, (_, n) => pair(n)).join('\n'));
    const both = await Promise.allSettled(
      [1, 2].map(() => importFile({ db, base }, file, { name: 'twice', by: 'test' })),
    );
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await db.select().from(conversation)).toHaveLength(60);
    expect(await db.select().from(feedback)).toHaveLength(60);
  });

  it('leaves out what the base cannot read, and says where', async () => {
    const tight = { ...base, weights: { ...base.weights, config: { ...base.weights.config, maxPositions: 60 } } };
    const file = path.join(folder, 'tight.jsonl');
    await writeFile(file, `${pair(1)}\n${JSON.stringify({ prompt: 'x'.repeat(100), chosen: 'a', rejected: 'b' })}\n`);
    const report = await importFile({ db, base: tight }, file, { name: 'tight', by: 'test' });
    expect(report.added).toBe(1);
    expect(report.leftOut).toEqual({ 'longer than the base can read': { count: 1, first: `${file}:2` } });
  });
});
