// The real engine process proves after each load that a version's weights are its own, and serves nothing else.
import { beforeAll, expect, it } from 'vitest';
import type { Fingerprint } from '@/core/artifact/fingerprint';
import { answer, PROMPT, until, useEngine, world, writeVersion } from './engine-process';

useEngine();

const PROBE = { promptIds: PROMPT, completionIds: [104, 101, 108, 108, 111, 32, 119, 111, 114, 108, 100, 257] };
const REFUSED = { code: 'CORRUPT', message: expect.stringMatching(/^Version stale is refused: .* its parent/) };

/** What two versions without a fingerprint change about the probe: in fp32 that is what the trainer would record. */
async function record(versionId: string, parentId: string): Promise<Fingerprint> {
  const logprobs = (id: string) => world.client.score({ versionId: id, ...PROBE });
  const [own, parent, base] = [await logprobs(versionId), await logprobs(parentId), await logprobs('base')];
  const effectOf = (scored: number[]) => scored.map((x, i) => x - base[i]!);
  return { probes: [PROBE], effect: effectOf(own), parentEffect: effectOf(parent) };
}

beforeAll(async () => {
  const fingerprint = await record('v1', 'v2'); // of seed 1, with seed 2 as its parent
  await writeVersion('sound', 1, undefined, fingerprint);
  await writeVersion('stale', 2, undefined, fingerprint);
});

it('a version whose weights fit its fingerprint answers as it did without one', async () => {
  const [own, bare] = [await answer(1, { versionId: 'sound' }), await answer(1, { versionId: 'v1' })];
  expect(own.ids).toEqual(bare.ids);
});

it('its parent’s adapter under its name is refused by name, when it is loaded and when it is asked', async () => {
  await expect(world.client.load('stale')).rejects.toMatchObject(REFUSED);
  await expect(answer(1, { versionId: 'stale' })).rejects.toMatchObject(REFUSED);
  expect((await world.client.status()).versions).not.toContain('stale');
});

it('is proven and refused again by a process that has just started', async () => {
  const { startedAt } = await world.client.status();
  world.engine.child().kill('SIGKILL');
  await until(async () => (await world.client.status()).startedAt !== startedAt);
  await expect(world.client.load('stale')).rejects.toMatchObject(REFUSED);
  await world.client.load('sound');
  expect((await world.client.status()).versions).toEqual(['sound']);
});
