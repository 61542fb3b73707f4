// Builds the ONNX files of a base once per cache folder, and verifies their hashes before every use.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Base } from '@/core/base/base';
import { explainWriteError } from '@/core/durable-file';
import { isAlive } from '@/core/process/process-alive';
import type { Precision } from './blocks';
import { GRAPH_VERSION, writeModel } from './decode-loop';
import { ExternalData } from './writer';

const MODEL = 'model.onnx';
const DATA = 'model.onnx.data';
const HASHES = 'sha256.json';

/** Path of the model file for this base and precision; builds it when it is missing or does not verify. */
export async function prepareModelFile(base: Base, precision: Precision, cacheDirectory: string): Promise<string> {
  const directory = join(cacheDirectory, `${base.sha256.slice(0, 16)}-${precision}-v${GRAPH_VERSION}`);
  if (await verifies(directory)) return join(directory, MODEL);
  const temporary = `${directory}.${hostname()}.${process.pid}.tmp`;
  try {
    await removeAbandoned(cacheDirectory);
    await rm(temporary, { recursive: true, force: true }); // left by an earlier process with this id
    await mkdir(temporary, { recursive: true });
    const data = new ExternalData(join(temporary, DATA), DATA);
    const model = writeModel(data, base.weights.config, base.weights, precision);
    const hashes = { [MODEL]: createHash('sha256').update(model).digest('hex'), [DATA]: data.close().sha256 };
    await writeFile(join(temporary, MODEL), model);
    await writeFile(join(temporary, HASHES), JSON.stringify(hashes));
    await rm(directory, { recursive: true, force: true });
    await rename(temporary, directory).catch(async (error: unknown) => {
      // Another process finished the same files first: use those.
      if (!(await verifies(directory))) throw error;
    });
  } catch (error) {
    throw explainWriteError(error, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return join(directory, MODEL);
}

/**
 * Removes what killed builds left. Other machines may share the cache, so only this machine's processes are checked.
 */
async function removeAbandoned(cacheDirectory: string): Promise<void> {
  const prefix = `.${hostname()}.`;
  for (const name of await readdir(cacheDirectory).catch(() => [] as string[])) {
    const pid = Number(/\.(\d+)\.tmp$/.exec(name)?.[1]);
    if (pid && name.includes(prefix) && !isAlive(pid)) {
      await rm(join(cacheDirectory, name), { recursive: true, force: true });
    }
  }
}

async function verifies(directory: string): Promise<boolean> {
  // Anything missing, cut or unreadable means: build again.
  try {
    const hashes = JSON.parse(await readFile(join(directory, HASHES), 'utf8')) as Record<string, string>;
    for (const name of [MODEL, DATA]) if ((await hashFile(join(directory, name))) !== hashes[name]) return false;
    return true;
  } catch {
    return false;
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
