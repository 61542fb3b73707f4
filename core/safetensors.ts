// Reads and writes safetensors files: float tensors by name, with every offset of the header checked.
import { open, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { AttuneError } from './errors';
import { float32ToBfloat16, float32ToHalf } from './half';
import { dequantise, encodedBytes } from './quantisation';
import { RandomAccessFile } from './random-access-file';

export type FloatEncoding = 'F32' | 'F16' | 'BF16';

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

const Entry = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
const elements = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

export function readSafetensors(path: string): SafetensorsFile {
  const file = new RandomAccessFile(path);
  try {
    return parse(file);
  } catch (error) {
    file.close();
    throw error;
  }
}

function parse(file: RandomAccessFile): SafetensorsFile {
  const corrupt = (what: string, cause?: unknown) =>
    new AttuneError('CORRUPT', `${file.path}: ${what}. The file is damaged; copy or export it again.`, { cause });
  const headerBytes = Number(new DataView(file.read(0, 8).buffer).getBigUint64(0, true));
  if (headerBytes > Math.min(MAX_HEADER_BYTES, file.size - 8)) {
    throw corrupt(`the header claims ${headerBytes} bytes in a file of ${file.size}`);
  }
  let header: Record<string, unknown>;
  try {
    header = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(Buffer.from(file.read(8, headerBytes)).toString('utf8')));
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
      throw new AttuneError('UNSUPPORTED', `${file.path}: ${name} has the type ${dtype}. Use F32, F16 or BF16.`);
    }
    if (end - begin !== encodedBytes(dtype, elements(shape))) {
      throw corrupt(`${name} [${shape}] of ${dtype} cannot be ${end - begin} bytes`);
    }
    if (start + end > file.size) throw corrupt(`${name} ends at byte ${start + end} of ${file.size}`);
    spans.push({ name, begin, end });
    tensors.set(name, {
      encoding: dtype,
      shape,
      float32: () => dequantise(dtype, file.read(start + begin, end - begin)),
    });
  }
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const [i, span] of spans.entries()) {
    const previous = spans[i - 1];
    if (previous && span.begin < previous.end) throw corrupt(`${previous.name} and ${span.name} overlap`);
  }
  return { metadata: metadata.data, tensors, close: () => file.close() };
}

export interface TensorToWrite {
  shape: number[];
  values: Float32Array;
}

function encode(encoding: FloatEncoding, values: Float32Array): Uint8Array {
  const typed = encoding === 'F32' ? values : encoding === 'F16' ? float32ToHalf(values) : float32ToBfloat16(values);
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

/** Writes beside the path, syncs and renames, so that the path never holds half a file. */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorToWrite>,
  { encoding = 'F32', metadata = {} }: { encoding?: FloatEncoding; metadata?: Record<string, string> } = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    if (elements(shape) !== values.length) {
      throw new AttuneError('BAD_INPUT', `${name} has ${values.length} values for the shape [${shape}].`);
    }
    const end = offset + encodedBytes(encoding, values.length);
    header[name] = { dtype: encoding, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));

  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(Buffer.concat([length, padded]));
      for (const { values } of tensors.values()) await handle.writeFile(encode(encoding, values));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
