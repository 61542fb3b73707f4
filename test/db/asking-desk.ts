// A product whose model always says the same two sentences, for rules that ask someone else about them.
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { Rule } from '@/core/constraints/rules';
import { type Api, callAs, createUser, createWorld, type World } from './world';

/** No letter twice, as alwaysSay demands. */
export const SAID = 'Thanks. Ugly!';
export const SECOND_HIDDEN = 'Thanks. █████';
export let world: World;
export let admin: Api;
/** A new person in each test. */
export let ada: Api;
export let classifiers: string;

/** Opens the desk for the tests of a file, which have it to themselves; each leaves only the first rule. */
export function openDesk(): void {
  beforeAll(async () => {
    world = await createWorld({ seed: 1, alwaysSay: SAID }, Math.random, [{ name: '127.0.0.1', port: null }]);
    classifiers = path.join(path.dirname(world.artifacts), 'classifiers');
    admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
    await admin.admin.setSettings({ comparisonShare: 0 });
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    ada = callAs(world.web, await createUser(world.web));
  });
  afterEach(async () => {
    for (const { rule } of (await admin.rule.list()).rules)
      if (rule!.id !== 'profanity') await admin.rule.remove({ id: rule!.id, expectedVersion: rule!.version });
  });
}

export const add = (rule: object, needsVerdict = true) =>
  admin.rule.save({ rule: Rule.parse(rule), expectedVersion: null, needsVerdict });
export const isSaved = async (id: string) => (await admin.rule.list()).rules.some(({ rule }) => rule!.id === id);
