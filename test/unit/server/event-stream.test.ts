// A stream sends a heartbeat at once and during silence, and gives up on a reader that takes nothing.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pacedStream } from '@/server/api/event-stream';

const decoder = new TextDecoder();
const options = () => ({
  heartbeat: ': waiting\n\n',
  everyMs: 1000,
  unreadMs: 5000,
  onUnread: vi.fn<() => void>(),
  onGone: vi.fn<() => void>(),
});

/** A source whose parts come when they are released. */
function source() {
  const ready: (() => void)[] = [];
  let taken = 0;
  async function* parts() {
    for (const text of ['a', 'b', 'c']) {
      await new Promise<void>((resolve) => ready.push(resolve));
      taken++;
      yield text;
    }
  }
  const release = async () => {
    await vi.waitFor(() => expect(ready.length).toBeGreaterThan(0));
    ready.shift()!();
  };
  return { parts: parts(), release, taken: () => taken };
}

describe('a paced stream', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const read = async (reader: ReadableStreamDefaultReader<Uint8Array>) => decoder.decode((await reader.read()).value);

  it('sends a heartbeat at once, and again for as long as nothing comes', async () => {
    const { parts, release } = source();
    const given = options();
    const reader = pacedStream(parts, given).getReader();
    expect(await read(reader)).toBe(given.heartbeat);
    for (let silence = 0; silence < 4; silence++) {
      const next = read(reader);
      await vi.advanceTimersByTimeAsync(given.everyMs);
      expect(await next).toBe(given.heartbeat);
    }
    const next = read(reader);
    await release();
    expect(await next).toBe('a');
    expect(given.onUnread).not.toHaveBeenCalled();
  });

  it('produces nothing ahead of its reader, and reports when nothing is read', async () => {
    const { parts, taken } = source();
    const given = options();
    const stream = pacedStream(parts, given);
    await vi.advanceTimersByTimeAsync(given.unreadMs - 1);
    expect([taken(), given.onUnread.mock.calls.length]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect([taken(), given.onUnread.mock.calls.length]).toEqual([0, 1]);
    await stream.cancel();
    expect(given.onGone).toHaveBeenCalledOnce();
  });

  it('does not give up on a reader that is waiting', async () => {
    const { parts } = source();
    const given = { ...options(), everyMs: 60_000 };
    const reader = pacedStream(parts, given).getReader();
    await read(reader);
    const next = read(reader);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(given.onUnread).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await next).toBe(given.heartbeat);
  });
});
