// What the adapter store promises about which versions stay loaded.
import { describe, expect, it } from 'vitest';
import type { Adapter } from '@/core/artifact/adapter';
import { AttuneError } from '@/core/errors';
import { AdapterStore } from '@/engine/adapters';

const adapter: Adapter = { rank: 1, alpha: 1, targets: [], pairs: new Map() };

const FINGERPRINT = { probes: [{ promptIds: [1], completionIds: [2] }], effect: [1], parentEffect: [0] };

function makeStore(capacity = 2) {
  const inRunner = new Set<string>();
  const reads: string[] = [];
  const dropped: string[] = [];
  const store = new AdapterStore({
    capacity,
    onDrop: (id) => dropped.push(id),
    runner: { loadAdapter: (id) => inRunner.add(id), unloadAdapter: (id) => inRunner.delete(id) },
    read: async (versionId) => {
      reads.push(versionId);
      await Promise.resolve();
      if (versionId === 'broken') throw new AttuneError('CORRUPT', 'The file is damaged.');
      return { adapter, ...(versionId.startsWith('stale') && { fingerprint: FINGERPRINT }) };
    },
    async prove(versionId) {
      expect(inRunner.has(versionId)).toBe(true);
      throw new AttuneError('CORRUPT', `Version ${versionId} is refused.`);
    },
  });
  const use = async (versionId: string) => {
    await store.acquire(versionId);
    store.release(versionId);
  };
  return { store, inRunner, reads, dropped, use };
}

describe('AdapterStore', () => {
  it('reads a version once for simultaneous requests, and nothing for the base', async () => {
    const { store, reads } = makeStore();
    await Promise.all([store.acquire('a'), store.acquire('a'), store.acquire('base')]);
    expect(reads).toEqual(['a']);
    expect(store.loaded).toEqual(['a']);
  });

  it('refuses a version whose weights are not its own, at each attempt, and leaves nothing of it in the runner', async () => {
    const { store, inRunner, reads } = makeStore();
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(store.acquire('stale')).rejects.toThrow(/Version stale is refused/);
      expect([...inRunner]).toEqual([]);
    }
    expect(reads).toEqual(['stale', 'stale']);
    expect(store.loaded).toEqual([]);
  });

  it('evicts the least recently used, never one in use', async () => {
    const { inRunner, store, use } = makeStore();
    await store.acquire('a');
    await use('b');
    await use('c');
    expect([...inRunner]).toEqual(['a', 'c']);
    store.release('a');
    await use('c'); // used after a
    await use('d');
    expect([...inRunner]).toEqual(['c', 'd']);
  });

  it('refuses another version while as many as it may hold are in use', async () => {
    const { store, inRunner } = makeStore(1);
    await store.acquire('a');
    await expect(store.acquire('b')).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect([...inRunner]).toEqual(['a']);
    store.release('a');
    await store.acquire('b');
    expect([...inRunner]).toEqual(['b']);
  });

  it('unloads an idle version at once, and one in use after its last user, unless it is wanted again', async () => {
    const { store, inRunner, use } = makeStore();
    await use('a');
    store.unload('a');
    expect(inRunner.size).toBe(0);
    await store.acquire('a');
    store.unload('a');
    expect(inRunner.size).toBe(1);
    store.release('a');
    expect(inRunner.size).toBe(0);
    await store.acquire('a');
    store.unload('a');
    await store.acquire('a');
    store.release('a');
    store.release('a');
    expect(inRunner.size).toBe(1);
  });

  it('reports a version as dropped when it is evicted or unloaded, but not before its last user has gone', async () => {
    const { store, dropped, use } = makeStore();
    await use('a');
    await store.acquire('b');
    await use('c'); // in the place of a
    expect(dropped).toEqual(['a']);
    store.unload('b');
    expect(dropped).toEqual(['a']);
    store.release('b');
    expect(dropped).toEqual(['a', 'b']);
  });

  it('reports a failed read to all who wait for it, and tries again next time', async () => {
    const { store, reads } = makeStore();
    const both = await Promise.allSettled([store.acquire('broken'), store.acquire('broken')]);
    expect(both.map((one) => one.status)).toEqual(['rejected', 'rejected']);
    await expect(store.acquire('broken')).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(reads).toEqual(['broken', 'broken']);
    expect(store.loaded).toEqual([]);
  });

  it.each(['../secrets', 'a/b', 'a\\b', '..', '.hidden', '', 'a\0b', 'C:x'])(
    'refuses %j as an id',
    async (versionId) => {
      const { store, reads } = makeStore();
      await expect(store.acquire(versionId)).rejects.toMatchObject({ code: 'BAD_INPUT' });
      expect(reads).toEqual([]);
    },
  );
});
