// Writes a bench's figures to bench/results, one JSON file per bench.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, 'results');

/** The file that a bench of this name writes. */
export const resultPath = (name: string): string => path.join(FOLDER, `${name}.json`);

export async function writeResult(name: string, figures: object): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(resultPath(name), `${JSON.stringify(figures, null, 2)}\n`);
}
