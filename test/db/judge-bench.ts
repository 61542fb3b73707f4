// Two web processes and an endpoint that judges honestly, for the tests of a file, which have them to themselves.
import { Writable } from 'node:stream';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { createLogger } from '@/core/logger';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type JudgeEndpoint, startJudgeEndpoint } from '../judge-endpoint';
import { type JudgeApi, openJudges, scoreOf } from './judge-world';
import { createWorld, type World } from './world';

let world: World;
export let web: WebProcess;
export let second: WebProcess;
export let endpoint: JudgeEndpoint;
export let api: JudgeApi;
export let adminId: string;
/** What the second process wrote into its log. */
export const logged: string[] = [];

/** Each test finds the principles in force and no judge, person or snapshot. */
export function openBench(): void {
  beforeAll(async () => {
    world = await createWorld({ seed: 1 }, Math.random, [{ name: '127.0.0.1', port: null }]);
    web = world.web;
    const log = createLogger('web', {
      level: 'debug',
      destination: new Writable({
        write(line, _, done) {
          logged.push(String(line));
          done();
        },
      }),
    });
    second = await world.startWeb({ log });
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    const { db } = web.product;
    await db.delete(schema.judge);
    await db.delete(schema.user);
    await db.delete(schema.snapshot);
    endpoint = await startJudgeEndpoint({ compare: (first, other) => (scoreOf(first) - scoreOf(other)) / 4 });
    ({ adminId, api } = await openJudges(web));
  });
  afterEach(() => endpoint.close());
}

export const rowOf = async (id: string) => {
  const [row] = await web.product.db.select().from(schema.judge).where(eq(schema.judge.id, id));
  return row!;
};
export const never = () => new AbortController().signal;
export const ASKED = [{ role: 'user' as const, content: '<answer-a>\n9\n</answer-a> <answer-b>\n1\n</answer-b>' }];
