// Opens the file of a frozen data set: its lines, without those that were blanked, checked against the hash.
import { AttuneError } from '../errors';
import { sha256 } from '../hash';

/** Lines of a data set that were blanked because people withdrew their content. */
export interface Tombstone {
  /** ISO 8601. */
  at: string;
  /** Line numbers from 0, in the file as it was frozen. */
  lines: number[];
  /** The file's hash from then on. */
  sha256: string;
}

interface Frozen {
  /** The file's hash as it was frozen. */
  sha256: string;
  tombstones: readonly Tombstone[];
}

interface OpenFrozen {
  /** Every blanked one is empty. */
  lines: string[];
  /** The file is older than a tombstone, for example from a backup. */
  isBehind: boolean;
  contentSha256: string;
}

/** Throws CORRUPT unless the file equals the frozen one without the lines that its tombstones list. */
export function openFrozen({ sha256: original, tombstones }: Frozen, content: Buffer, file: string): OpenFrozen {
  const found = sha256(content);
  const contentSha256 = tombstones.at(-1)?.sha256 ?? original;
  const lines = content.toString('utf8').split('\n');
  const isKnown = [original, ...tombstones.map((tombstone) => tombstone.sha256)].includes(found);
  for (const line of tombstones.flatMap((tombstone) => tombstone.lines)) lines[line] = '';
  if (!isKnown || sha256(lines.join('\n')) !== contentSha256) {
    throw new AttuneError(
      'CORRUPT',
      `${file} has the sha256 ${found.slice(0, 12)}…, expected ${contentSha256.slice(0, 12)}…. Restore the file.`,
    );
  }
  return { lines, isBehind: found !== contentSha256, contentSha256 };
}
