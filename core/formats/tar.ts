// Writes files as a tar archive and reads one back, piece by piece; a name that leads out of a folder is refused.
import { AttuneError } from '@/core/errors';

const BLOCK = 512;
/** Eight gigabytes less one: eleven octal digits. */
const LARGEST = 8 ** 11 - 1;

/** Fields of the header by offset and length (POSIX.1-1988, "ustar"). */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  time: [136, 12],
  sum: [148, 8],
  type: [156, 1],
} as const;
const MAGIC = [257, 8] as const;
const PREFIX = [345, 155] as const;

/** The header of a plain file; `name` has at most 100 bytes. */
export function tarHeader(name: string, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BLOCK);
  const write = ([at]: readonly [number, number], text: string) => bytes.set(new TextEncoder().encode(text), at);
  if (new TextEncoder().encode(name).length > FIELDS.name[1] || size > LARGEST)
    throw new AttuneError('INTERNAL', `${name} (${size} bytes) does not fit into a tar archive.`);
  write(FIELDS.name, name);
  write(FIELDS.mode, '0000644\0');
  write([108, 8], '0000000\0');
  write([116, 8], '0000000\0');
  write(FIELDS.size, `${size.toString(8).padStart(11, '0')}\0`);
  write(FIELDS.time, '00000000000\0');
  write(FIELDS.sum, ' '.repeat(8));
  write(FIELDS.type, '0');
  write(MAGIC, 'ustar\x0000');
  write(FIELDS.sum, `${checksum(bytes).toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

/** Zeros after a file of this size, up to the next block. */
export const tarPadding = (size: number) => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
/** Two empty blocks. */
export const tarEnd = () => new Uint8Array(2 * BLOCK);
export const tarSize = (sizes: readonly number[]) =>
  sizes.reduce((sum, size) => sum + BLOCK + Math.ceil(size / BLOCK) * BLOCK, 2 * BLOCK);

/** The sum of the header's bytes, with its own field read as spaces. */
const checksum = (header: Uint8Array) =>
  header.reduce((sum, byte, at) => sum + (at >= FIELDS.sum[0] && at < FIELDS.sum[0] + 8 ? 32 : byte), 0);

export interface TarFile {
  /** Without the folders that it is in. */
  name: string;
  size: number;
  /** To be read before the next file is asked for; what is not read is passed over. */
  content: AsyncIterable<Uint8Array>;
}

/** The plain files of an archive. Throws BAD_INPUT for a link, a name that leads outside, and what is no archive. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const input = new ByteSource(source);
  for (;;) {
    const header = await input.take(BLOCK);
    if (header === null || header.every((byte) => byte === 0)) return;
    const { path, size, type } = readHeader(header);
    const padding = tarPadding(size).length;
    // Folders, and the notes that some programs write on the next file, have nothing that is wanted.
    const isFile = type === '0' || type === '';
    if (!isFile && !'5xgL'.includes(type))
      throw new AttuneError('BAD_INPUT', `The archive has ${path}, which is neither a file nor a folder.`);
    const content = input.stream(size);
    if (isFile) yield { name: path.split('/').at(-1)!, size, content };
    for await (const _ of content); // what the caller has left
    await input.skip(padding);
  }
}

function readHeader(header: Uint8Array): { path: string; size: number; type: string } {
  const text = ([at, length]: readonly [number, number]) => {
    const field = header.subarray(at, at + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  };
  const number = (field: readonly [number, number]) => Number.parseInt(text(field).trim() || '0', 8);
  const size = number(FIELDS.size);
  if (number(FIELDS.sum) !== checksum(header) || !Number.isSafeInteger(size) || size < 0)
    throw new AttuneError('BAD_INPUT', 'The file is not a tar archive, or it is damaged. Pack the adapter again.');
  const isUstar = text(MAGIC).startsWith('ustar');
  const path = [isUstar ? text(PREFIX) : '', text(FIELDS.name)].filter(Boolean).join('/');
  if (path.startsWith('/') || path.split(/[\\/]/).includes('..') || /^[A-Za-z]:/.test(path))
    throw new AttuneError('BAD_INPUT', `The archive has ${JSON.stringify(path)}, a path that leads out of its folder.`);
  return { path, size, type: text(FIELDS.type) };
}

/** Bytes of an iterable by number. */
class ByteSource {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private rest = new Uint8Array(0) as Uint8Array;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  /** null at the end of the source. */
  async take(count: number): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    let missing = count;
    for await (const part of this.stream(count, true)) {
      parts.push(part);
      missing -= part.length;
    }
    if (missing === count) return null;
    if (missing > 0) throw cutOff();
    const whole = new Uint8Array(count);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  async skip(count: number): Promise<void> {
    for await (const _ of this.stream(count, true));
  }

  async *stream(count: number, mayEnd = false): AsyncGenerator<Uint8Array> {
    let missing = count;
    while (missing > 0) {
      if (this.rest.length === 0) {
        const next = await this.chunks.next();
        if (next.done) {
          if (mayEnd) return;
          throw cutOff();
        }
        this.rest = next.value;
        continue;
      }
      const part = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }
}

const cutOff = () => new AttuneError('BAD_INPUT', 'The archive ends in the middle of a file. Send it again.');
