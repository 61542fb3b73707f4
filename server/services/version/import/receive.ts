// Takes an adapter that a browser sends: a tar archive, packed with gzip or not, of which only the two files are kept.
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE } from '@/core/artifact/adapter-files';
import { MOST_ADAPTER_BYTES } from '@/core/artifact/foreign-adapter';
import { AttuneError } from '@/core/errors';
import { readTar } from '@/core/formats/tar';
import type { Product } from '@/server/services/product';
import { type ImportOrder, importAdapter } from './import';

/** Of the whole archive once unpacked: other files, such as a README, are passed over. */
const MOST_BYTES = MOST_ADAPTER_BYTES + 16 * 1024 * 1024;
const MOST_CONFIG_BYTES = 64 * 1024;
const KEPT: Readonly<Record<string, number>> = {
  [ADAPTER_CONFIG_FILE]: MOST_CONFIG_BYTES,
  [ADAPTER_WEIGHTS_FILE]: MOST_ADAPTER_BYTES,
};

/** Nothing is left of what is refused. */
export async function receiveAdapter(
  product: Product,
  actorId: string,
  order: Omit<ImportOrder, 'folder'>,
  body: AsyncIterable<Uint8Array>,
): Promise<{ runId: string }> {
  const folder = await mkdtemp(path.join(product.uploads, 'adapter-'));
  try {
    await unpack(folder, body);
    return await importAdapter(product, actorId, { ...order, folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function unpack(folder: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const seen = new Set<string>();
  for await (const { name, size, content } of readTar(counted(await unzipped(body)))) {
    const most = Object.hasOwn(KEPT, name) ? KEPT[name]! : null;
    if (most === null) continue;
    if (seen.has(name))
      throw new AttuneError('BAD_INPUT', `The archive has two files named ${name}. Send one adapter.`);
    seen.add(name);
    if (size > most) throw new AttuneError('BAD_INPUT', `${name} has ${size} bytes; ${most} is the most.`);
    await pipeline(Readable.from(content), createWriteStream(path.join(folder, name), { flags: 'wx', mode: 0o600 }));
  }
}

/** Gzip is known by its first two bytes. */
async function unzipped(body: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const chunks = body[Symbol.asyncIterator]();
  let head = new Uint8Array(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head = new Uint8Array(Buffer.concat([head, next.value]));
  }
  async function* whole() {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) return whole();
  return readGzip(Readable.from(whole()).pipe(createGunzip()));
}

async function* readGzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code?.startsWith('Z_'))
      throw new AttuneError('BAD_INPUT', 'The archive is damaged. Pack the adapter again.', { cause });
    throw cause;
  }
}

/** A small file can unpack into one that fills the disk. */
async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES)
      throw new AttuneError(
        'BAD_INPUT',
        `The archive unpacks to more than ${MOST_BYTES} bytes. Send only the adapter.`,
      );
    yield chunk;
  }
}
