// Reads an adapter that was made elsewhere, and refuses by name what this product could not serve as PEFT would.
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ModelConfig } from '@/core/base/model-config';
import { AttuneError, toAttuneError } from '@/core/errors';
import { sha256File } from '@/core/hash';
import { type Adapter, checkAdapter } from './adapter';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, readAdapter } from './adapter-files';
import type { ImportedAdapter } from './manifest';

/** An adapter of rank 64 on a base of 1B parameters has about 180 MiB in fp32. */
export const MOST_ADAPTER_BYTES = 256 * 1024 * 1024;

export interface AdapterFit {
  config: ModelConfig;
  /** The largest rank that the engine serves. */
  maxRank: number;
}

/** Throws BAD_INPUT with what does not fit; nothing on disk is changed. */
export async function readForeignAdapter(
  directory: string,
  { config, maxRank }: AdapterFit,
): Promise<{ adapter: Adapter; facts: Omit<ImportedAdapter, 'versionId' | 'fileName'> }> {
  try {
    const weights = join(directory, ADAPTER_WEIGHTS_FILE);
    const bytes = await sizeOf(weights);
    if (bytes > MOST_ADAPTER_BYTES)
      throw new AttuneError(
        'BAD_INPUT',
        `${ADAPTER_WEIGHTS_FILE} has ${bytes} bytes; ${MOST_ADAPTER_BYTES} is the most.`,
      );
    await sizeOf(join(directory, ADAPTER_CONFIG_FILE));
    const adapter = await readAdapter(directory);
    if (adapter.rank > maxRank) {
      const most = `the engine takes ${maxRank} (ATTUNE_ENGINE_MAX_RANK)`;
      throw new AttuneError('BAD_INPUT', `The adapter has rank ${adapter.rank}; ${most}.`);
    }
    checkAdapter(adapter, config);
    return { adapter, facts: { sha256: await sha256File(weights), bytes, rank: adapter.rank } };
  } catch (thrown) {
    const error = toAttuneError(thrown);
    if (!['NOT_FOUND', 'CORRUPT', 'UNSUPPORTED'].includes(error.code)) throw error;
    // The person who sent it knows the files by their names; where they lie here says nothing.
    throw new AttuneError('BAD_INPUT', error.message.replaceAll(`${directory}/`, ''), { cause: error });
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile()) return found.size;
  throw new AttuneError('NOT_FOUND', `There is no ${basename(file)}. An adapter of PEFT has it beside its other file.`);
}
