// Finds the shared data sets next to the project, and reads their gzipped JSON lines.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AttuneError } from '@/core/errors';

/** The folder of a data set, or null if it is not on this machine. */
export function findSharedData(name: string, shared: string | undefined): string | null {
  const root = path.resolve(import.meta.dirname, '../../..');
  const folder = path.join(shared ?? path.join(root, '..', 'shared'), 'data', name);
  return existsSync(folder) ? folder : null;
}

export function readJsonLines(file: string): unknown[] {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line, i) => {
      try {
        return JSON.parse(line);
      } catch (cause) {
        throw new AttuneError('CORRUPT', `${file}, line ${i + 1} is not JSON. Fetch the file again.`, { cause });
      }
    });
}
