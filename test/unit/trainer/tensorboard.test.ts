// TensorBoard event files have the framing and figures that TensorFlow's own reader expects.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Event, frame, maskedCrc, openEventFile } from '@/trainer/runs/tensorboard';

interface ReadEvent {
  wall_time: number;
  step: number;
  file_version: string;
  summary: { value: { tag: string; simple_value: number }[] } | null;
}

/** Reads a file back, and throws if a checksum is wrong. */
function readEvents(content: Buffer): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at < content.length; ) {
    const length = Number(content.readBigUInt64LE(at));
    const data = content.subarray(at + 12, at + 12 + length);
    if (content.readUInt32LE(at + 8) !== maskedCrc(content.subarray(at, at + 8))) throw new Error('length checksum');
    if (content.readUInt32LE(at + 12 + length) !== maskedCrc(data)) throw new Error('data checksum');
    events.push(Event.toObject(Event.decode(data), { longs: Number, defaults: true }) as ReadEvent);
    at += 16 + length;
  }
  return events;
}

let folder: string;
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('event files', () => {
  it('what is written is read back: version first, then a scalar for each figure at its step and time', () => {
    folder = mkdtempSync(join(tmpdir(), 'attune-events-'));
    const writer = openEventFile(folder, 1_700_000_000_500);
    writer.scalars(3, { 'ppo/objective/kl': 0.25, 'ppo/lr': 1e-4 }, 1_700_000_001_000);
    writer.scalars(2 ** 33, { 'ppo/objective/kl': Number.NaN }, 1_700_000_002_000);
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^events\.out\.tfevents\.1700000000\./);
    const events = readEvents(readFileSync(join(folder, name!)));
    expect(events.map(({ wall_time, step }) => [wall_time, step])).toEqual([
      [1_700_000_000.5, 0],
      [1_700_000_001, 3],
      [1_700_000_002, 2 ** 33],
    ]);
    expect(events[0]!.file_version).toBe('brain.Event:2');
    expect(events[1]!.summary!.value).toEqual([
      { tag: 'ppo/objective/kl', simple_value: 0.25 },
      { tag: 'ppo/lr', simple_value: Math.fround(1e-4) },
    ]);
    expect(events[2]!.summary!.value[0]!.simple_value).toBeNaN();
  });

  it('a record equals, byte for byte, what TensorFlow 2.21 writes for the same event', () => {
    // Written by the SummaryFileWriter of libtensorflow for the tag ppo/objective/kl, 1.5, step 3.
    const hex =
      '2600000000000000734fe300' +
      '09e7a9e4eb5ac1da411003' +
      '2a190a170a1070706f2f6f626a6563746976652f6b6c150000c03f' +
      '3878efab';
    const record = Buffer.from(hex, 'hex');
    expect(frame(record.subarray(12, -4)).toString('hex')).toBe(hex);
    const [event] = readEvents(record);
    expect(event).toMatchObject({ step: 3, summary: { value: [{ tag: 'ppo/objective/kl', simple_value: 1.5 }] } });
  });
});
