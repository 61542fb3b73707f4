// Temporary folders, the real model and adapters for the tests of core.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Adapter } from '@/core/artifact/adapter';
import { encodeAdapter } from '@/core/artifact/adapter-files';
import { AttuneError, type ErrorCode } from '@/core/errors';
import { type NamedTensors, readSafetensors } from '@/core/formats/safetensors';

/** Makes a folder that is removed after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'attune-core-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The downloaded base: ATTUNE_MODEL, or a GGUF under .attune/models; null, with a printed reason, if it is absent. */
export function findGguf(): string | null {
  const root = join(import.meta.dirname, '../../../.attune/models');
  const candidates = [process.env.ATTUNE_MODEL ?? '', root];
  for (const candidate of candidates) {
    if (candidate.endsWith('.gguf') && existsSync(candidate)) return candidate;
    if (!candidate || !existsSync(candidate)) continue;
    const found = readdirSync(candidate, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.gguf'));
    if (found) return join(candidate, found);
  }
  console.info('Left out: the base is not here. Run the set-up, or set ATTUNE_MODEL to a GGUF file.');
  return null;
}

/** Returns the AttuneError that the action throws; fails the test if it throws none. */
export async function failure(action: () => unknown): Promise<{ code: ErrorCode; message: string }> {
  try {
    await action();
  } catch (error) {
    if (error instanceof AttuneError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

/** Reads every tensor of a safetensors file. */
export function tensorsOf(path: string): NamedTensors {
  const file = readSafetensors(path);
  try {
    return new Map([...file.tensors].map(([name, { shape, float32 }]) => [name, { shape, values: float32().slice() }]));
  } finally {
    file.close();
  }
}

/** Writes an adapter in PEFT's layout to an existing folder. */
export function writeAdapter(folder: string, adapter: Adapter, baseId: string): void {
  for (const [name, content] of Object.entries(encodeAdapter(adapter, baseId)))
    writeFileSync(join(folder, name), content);
}
