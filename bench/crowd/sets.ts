// Reads the label sets of data/crowd-gal: what each rater said, and the truth of some items.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AttuneError } from '@/core/errors';
import type { CrowdLabel } from '@/core/statistics/crowd/labels';

export const CROWD_SETS = ['BarzanMozafari', 'AdultContent2'] as const;
export type CrowdSetName = (typeof CROWD_SETS)[number];

export interface CrowdSet {
  name: CrowdSetName;
  labels: CrowdLabel[];
  /** By item. */
  truth: Map<string, string>;
}

/** Beside the checkout. */
export const DATA_FOLDER = join(import.meta.dirname, '../../../shared/data');

export function readCrowdSet(name: CrowdSetName): CrowdSet {
  const rows = <T>(part: string) => readRows<T>(join(DATA_FOLDER, 'crowd-gal', `dev-${name}-${part}.jsonl.gz`));
  const labels = rows<{ item: string; worker: string; label: string }>('labels');
  return {
    name,
    labels: labels.map(({ item, worker, label }) => ({ item, rater: worker, label })),
    truth: new Map(rows<{ item: string; truth: string }>('truth').map(({ item, truth }) => [item, truth])),
  };
}

/** The rows of a compressed JSONL file. */
export function readRows<T>(path: string): T[] {
  if (!existsSync(path)) throw new AttuneError('NOT_FOUND', `${path} is missing: this bench needs the shared data.`);
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as T);
}
