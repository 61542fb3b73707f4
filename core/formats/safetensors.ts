// Reads and writes safetensors: float tensors by name, with every offset of the header checked.
import { closeSync, openSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { FloatEncoding } from '@/core/base/weights';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { float32ToBfloat16, float32ToHalf } from './half';
import { dequantise, encodedBytes } from './quantisation';
import { RandomAccessFile } from './random-access-file';

/** A tensor in memory, row-major. */
export interface TensorToWrite {
  shape: number[];
  values: Float32Array;
}
export type NamedTensors = Map<string, TensorToWrite>;

export interface SafetensorsEntry {
  encoding: FloatEncoding;
  shape: number[];
  /** Reads and converts at each call. */
  float32(): Float32Array;
}

export interface SafetensorsFile {
  metadata: Record<string, string>;
  tensors: Map<string, SafetensorsEntry>;
  close(): void;
}

interface Source {
  path: string;
  size: number;
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

const Entry = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
const elements = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Opens a file and checks its header; tensors are read on demand. */
export function readSafetensors(path: string): SafetensorsFile {
  const file = new RandomAccessFile(path);
  try {
    return { ...parse(file), close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

function parse(source: Source): Omit<SafetensorsFile, 'close'> {
  const { path, size } = source;
  const corrupt = (what: string, cause?: unknown) =>
    new AttuneError('CORRUPT', `${path}: ${what}. The file is damaged; copy or export it again.`, { cause });
  const headerBytes = Number(new DataView(source.read(0, 8).buffer).getBigUint64(0, true));
  if (headerBytes > Math.min(MAX_HEADER_BYTES, size - 8)) {
    throw corrupt(`the header claims ${headerBytes} bytes in a file of ${size}`);
  }
  let header: Record<string, unknown>;
  try {
    const text = Buffer.from(source.read(8, headerBytes)).toString('utf8');
    header = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw corrupt('the header is not JSON', cause);
  }
  const { __metadata__: rawMetadata = {}, ...rest } = header;
  const metadata = z.record(z.string(), z.string()).safeParse(rawMetadata);
  if (!metadata.success) throw corrupt('__metadata__ is not a table of strings');

  const start = 8 + headerBytes;
  const tensors = new Map<string, SafetensorsEntry>();
  const spans: { name: string; begin: number; end: number }[] = [];
  for (const [name, raw] of Object.entries(rest)) {
    const entry = Entry.safeParse(raw);
    if (!entry.success) throw corrupt(`the entry of ${name} is malformed`, entry.error);
    const { dtype, shape } = entry.data;
    const [begin, end] = entry.data.data_offsets;
    if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
      throw new AttuneError('UNSUPPORTED', `${path}: ${name} has the type ${dtype}. Use F32, F16 or BF16.`);
    }
    if (end - begin !== encodedBytes(dtype, elements(shape))) {
      throw corrupt(`${name} [${shape}] of ${dtype} cannot be ${end - begin} bytes`);
    }
    if (start + end > size) throw corrupt(`${name} ends at byte ${start + end} of ${size}`);
    spans.push({ name, begin, end });
    const float32 = () => dequantise(dtype, source.read(start + begin, end - begin));
    tensors.set(name, { encoding: dtype, shape, float32 });
  }
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const [i, span] of spans.entries()) {
    const previous = spans[i - 1];
    if (previous && span.begin < previous.end) throw corrupt(`${previous.name} and ${span.name} overlap`);
  }
  return { metadata: metadata.data, tensors };
}

export interface WriteOptions {
  encoding?: FloatEncoding;
  metadata?: Record<string, string>;
}

export function encodeSafetensors(tensors: NamedTensors, options: WriteOptions = {}): Uint8Array<ArrayBuffer> {
  const { encoding = 'F32' } = options;
  for (const [name, { shape, values }] of tensors) checkLength(name, shape, values);
  const { bytes: head, dataBytes } = encodeHeader(
    new Map([...tensors].map(([name, { shape }]) => [name, shape])),
    options,
  );
  const out = new Uint8Array(head.length + dataBytes);
  out.set(head);
  let at = head.length;
  for (const { values } of tensors.values()) {
    const bytes = encodeValues(values, encoding);
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

/** Writes one tensor at a time, so that a model may be larger than memory; `values` is called once for each name. */
export function streamSafetensors(
  path: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  values: (name: string) => Float32Array,
  options: WriteOptions = {},
): void {
  const { encoding = 'F32' } = options;
  const descriptor = openSync(path, 'w');
  try {
    const write = (bytes: Uint8Array) => {
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    };
    write(encodeHeader(shapes, options).bytes);
    for (const [name, shape] of shapes) {
      const own = values(name);
      checkLength(name, shape, own);
      write(encodeValues(own, encoding));
    }
  } finally {
    closeSync(descriptor);
  }
}

function checkLength(name: string, shape: readonly number[], values: Float32Array): void {
  if (elements(shape) === values.length) return;
  throw new AttuneError('BAD_INPUT', `${name} has ${values.length} values for the shape [${shape}].`);
}

/** Everything before the data. */
function encodeHeader(
  shapes: ReadonlyMap<string, readonly number[]>,
  { encoding = 'F32', metadata = {} }: WriteOptions,
): { bytes: Uint8Array; dataBytes: number } {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let offset = 0;
  for (const [name, shape] of shapes) {
    const end = offset + encodedBytes(encoding, elements(shape));
    header[name] = { dtype: encoding, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8; // padded with spaces, so that the data starts aligned
  const bytes = new Uint8Array(8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8);
  bytes.set(json, 8);
  return { bytes, dataBytes: offset };
}

function encodeValues(values: Float32Array, encoding: FloatEncoding): Uint8Array {
  const typed = encoding === 'F32' ? values : encoding === 'F16' ? float32ToHalf(values) : float32ToBfloat16(values);
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

export async function writeSafetensors(path: string, tensors: NamedTensors, options?: WriteOptions): Promise<void> {
  await writeDurably(path, encodeSafetensors(tensors, options));
}
