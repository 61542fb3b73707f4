// A version's files as one tar archive: the adapter as PEFT reads it, with its manifest.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { artifactDirectory } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import { tarEnd, tarHeader, tarPadding, tarSize } from '@/core/formats/tar';
import { recordAudit } from '@/db/audit';
import { version } from '@/db/schema';
import type { Product } from '@/server/services/product';

export interface Archive {
  name: string;
  bytes: number;
  pieces: AsyncGenerator<Uint8Array>;
}

export async function downloadAdapter(product: Product, actorId: string, id: string): Promise<Archive> {
  const { db, artifacts } = product;
  const [row] = await db.select({ at: version.filesDeletedAt }).from(version).where(eq(version.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no version ${id}.`);
  if (id === BASE_VERSION_ID) throw new AttuneError('NOT_FOUND', 'The base is a version without an adapter.');
  if (row.at) throw new AttuneError('NOT_FOUND', `The files of version ${id} were deleted.`);
  const archive = await packFolder(artifactDirectory(artifacts, id), id);
  await recordAudit(db, actorId, 'version.download', id);
  return archive;
}

/** All files of a folder; only a piece of one is in memory at a time. */
export async function packFolder(folder: string, name: string): Promise<Archive> {
  const names = (await readdir(folder).catch(() => [])).sort();
  if (names.length === 0) throw new AttuneError('NOT_FOUND', `The files of ${name} are not on this machine.`);
  const files = await Promise.all(
    names.map(async (file) => ({
      file: path.join(folder, file),
      name: file,
      size: (await stat(path.join(folder, file))).size,
    })),
  );
  async function* pieces() {
    for (const { file, name: own, size } of files) {
      yield tarHeader(own, size);
      yield* createReadStream(file) as AsyncIterable<Uint8Array>;
      yield tarPadding(size);
    }
    yield tarEnd();
  }
  return { name: `${name}.tar`, bytes: tarSize(files.map(({ size }) => size)), pieces: pieces() };
}
