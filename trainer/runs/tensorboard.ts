// Writes scalars as TensorBoard event files: protobuf events in TFRecord framing with masked CRC-32C.
import { appendFileSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import crc32c from 'crc-32/crc32c';
import protobuf from 'protobufjs';

/** The fields of tensorflow.Event and tensorflow.Summary that scalars need. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
  message Summary { repeated Value value = 1; message Value { string tag = 1; float simple_value = 2; } }
`,
  { keepCase: true },
);
export const Event = root.lookupType('Event');

interface EventWriter {
  scalars(step: number, values: Readonly<Record<string, number>>, timeMs?: number): void;
}

/** Each process has its own file: a resumed run adds one, and TensorBoard reads all of them as one run. */
export function openEventFile(folder: string, startMs = Date.now()): EventWriter {
  mkdirSync(folder, { recursive: true });
  const name = `events.out.tfevents.${Math.floor(startMs / 1000)}.${os.hostname()}.${process.pid}.attune`;
  const append = (timeMs: number, event: object) =>
    appendFileSync(path.join(folder, name), frame(Event.encode({ wall_time: timeMs / 1000, ...event }).finish()));
  append(startMs, { file_version: 'brain.Event:2' });
  return {
    scalars(step, values, timeMs = Date.now()) {
      const value = Object.entries(values).map(([tag, simple_value]) => ({ tag, simple_value }));
      append(timeMs, { step, summary: { value } });
    },
  };
}

/** length (uint64), its masked CRC, the data, its masked CRC; all little-endian. */
export function frame(data: Uint8Array): Buffer {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), data.length + 12);
  return record;
}

/** TFRecord stores rotr15(crc) + 0xa282ead8, because a CRC over data that contains CRCs is weak. */
export function maskedCrc(data: Uint8Array): number {
  const crc = crc32c.buf(data) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
