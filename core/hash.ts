// Computes the sha256 of files and remembers it next to each file, by size and modification time.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { writeDurably } from './durable-file';
import { AttuneError } from './errors';

/** Hex sha256 of a file's bytes, read in a stream. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  } catch (cause) {
    throw new AttuneError('NOT_FOUND', `Cannot read ${path}: ${(cause as Error).message}. Check the path.`, { cause });
  }
  return hash.digest('hex');
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

const Remembered = z.object({ size: z.number(), mtimeMs: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** Like sha256File, but does not read a file again while its size and modification time stay the same. */
export async function rememberedSha256File(path: string): Promise<string> {
  const note = join(dirname(path), `.${basename(path)}.sha256.json`);
  const { size, mtimeMs } = await stat(path);
  const text = await readFile(note, 'utf8').catch(() => null); // absent on the first start
  const known = text === null ? null : parseNote(text);
  if (known && known.size === size && known.mtimeMs === mtimeMs) return known.sha256;

  const digest = await sha256File(path);
  try {
    await writeDurably(note, JSON.stringify({ size, mtimeMs, sha256: digest } satisfies z.infer<typeof Remembered>));
  } catch (error) {
    // If a model folder cannot be written, the only cost is to hash again at each start.
    if (!(error instanceof AttuneError && error.code === 'UNAVAILABLE')) throw error;
  }
  return digest;
}

function parseNote(text: string): z.infer<typeof Remembered> | null {
  try {
    return Remembered.parse(JSON.parse(text));
  } catch {
    return null; // damaged: hash again
  }
}

/** A name-based UUID (version 5, RFC 9562): the same name in the same namespace, itself a UUID, is the same id. */
export function uuidOf(namespace: string, name: string): string {
  const space = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(space).update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
