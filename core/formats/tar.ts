// Writes files as a tar archive, piece by piece.
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
