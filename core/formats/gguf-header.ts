// Checks the header of a GGUF file before it is read, so that no length in it can ask for more than the file has.
import { AttuneError } from '@/core/errors';
import type { RandomAccessFile } from './random-access-file';

const VERSIONS = [2, 3];
/** Far above every model; a damaged or hostile file may ask for more. */
const MOST = {
  entries: 2 ** 16,
  items: 2 ** 24,
  keyBytes: 2 ** 10,
  textBytes: 2 ** 26,
  headerBytes: 2 ** 28,
  dimensions: 4,
};
const WINDOW = 2 ** 20;

/** Bytes of a value by its type in the file; null if the value itself has its length. */
const TYPE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, null, null, 8, 8, 8];
const STRING = 8;
const ARRAY = 9;

export function checkGgufHeader(file: RandomAccessFile): void {
  const header = new Cursor(file);
  const magic = Buffer.from(header.bytes(4, 'magic')).toString('latin1');
  if (magic !== 'GGUF') {
    const begins = JSON.stringify(magic);
    throw new AttuneError('CORRUPT', `${file.path} begins with ${begins}, not "GGUF". It is not a GGUF file.`);
  }
  const version = header.uint32('version');
  if (VERSIONS.includes(Buffer.from(Uint32Array.of(version).buffer).readUInt32BE())) {
    throw new AttuneError(
      'UNSUPPORTED',
      `${file.path} is big-endian; only little-endian files are supported. Convert the model for this kind of machine.`,
    );
  }
  if (!VERSIONS.includes(version)) {
    throw new AttuneError(
      'UNSUPPORTED',
      `${file.path} has version ${version} of GGUF; supported: ${VERSIONS.join(', ')}. Convert the model again.`,
    );
  }
  const tensors = header.count('tensor_count', MOST.entries);
  const fields = header.count('metadata_kv_count', MOST.entries);
  for (let i = 0; i < fields; i++) {
    const key = header.text(`the name of field ${i}`, MOST.keyBytes);
    skipValue(header, header.uint32(key), key);
  }
  for (let i = 0; i < tensors; i++) {
    const name = header.text(`the name of tensor ${i}`, MOST.keyBytes);
    const dimensions = header.uint32(name);
    if (dimensions < 1 || dimensions > MOST.dimensions) throw header.corrupt(name, `has ${dimensions} dimensions`);
    for (let d = 0; d < dimensions; d++) {
      if (header.count(name, Number.MAX_SAFE_INTEGER) === 0) throw header.corrupt(name, 'is empty');
    }
    header.uint32(name); // the type
    header.count(name, Number.MAX_SAFE_INTEGER); // where its data begins
  }
}

function skipValue(header: Cursor, type: number, key: string): void {
  const bytes = TYPE_BYTES[type];
  if (bytes) header.skip(bytes, key);
  else if (type === STRING) header.skip(header.count(key, MOST.textBytes), key);
  else if (type === ARRAY) skipList(header, key);
  else throw header.corrupt(key, `has the type ${type}, which does not exist`);
}

function skipList(header: Cursor, key: string): void {
  const type = header.uint32(key);
  const items = header.count(key, MOST.items);
  const bytes = TYPE_BYTES[type];
  if (bytes) header.skip(items * bytes, key);
  else if (type !== STRING) throw header.corrupt(key, `is a list of type ${type}, which no reader knows`);
  else for (let i = 0; i < items; i++) header.skip(header.count(key, MOST.textBytes), key);
}

/** A position in the header; each read names its field for error messages. */
class Cursor {
  private at = 0;
  private window = new Uint8Array();
  private windowStart = 0;

  constructor(private readonly file: RandomAccessFile) {}

  corrupt(field: string, what: string): AttuneError {
    return new AttuneError('CORRUPT', `${this.file.path}: ${field} ${what}. The header is damaged; copy it again.`);
  }

  skip(length: number, field: string): void {
    const end = this.at + length;
    if (end > this.file.size) throw this.corrupt(field, `ends at byte ${end} of a file of ${this.file.size}`);
    if (end > MOST.headerBytes) throw this.corrupt(field, `ends at byte ${end}, beyond the longest header`);
    this.at = end;
  }

  bytes(length: number, field: string): Uint8Array {
    const start = this.at;
    this.skip(length, field);
    if (start < this.windowStart || this.at > this.windowStart + this.window.length) {
      this.window = this.file.read(start, Math.min(Math.max(WINDOW, length), this.file.size - start));
      this.windowStart = start;
    }
    return this.window.subarray(start - this.windowStart, this.at - this.windowStart);
  }

  uint32(field: string): number {
    return new DataView(Uint8Array.from(this.bytes(4, field)).buffer).getUint32(0, true);
  }

  count(field: string, most: number): number {
    const value = new DataView(Uint8Array.from(this.bytes(8, field)).buffer).getBigUint64(0, true);
    if (value > BigInt(most)) throw this.corrupt(field, `says ${value}, which is more than ${most}`);
    return Number(value);
  }

  text(field: string, most: number): string {
    return Buffer.from(this.bytes(this.count(field, most), field)).toString('utf8');
  }
}
