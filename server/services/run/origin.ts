// Reads on what a run trained, from the manifest that the trainer keeps in the run's folder.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Product } from '../product';
import type { RunOriginView } from '../views';

const Origin = z.object({
  device: z.string(),
  threads: z.object({ training: z.int() }),
  commit: z.string().nullable(),
});

/** null before the run has frozen its data, and after it was cancelled. */
export async function readOrigin({ runs }: Product, id: string): Promise<RunOriginView | null> {
  try {
    const { device, threads, commit } = Origin.parse(
      JSON.parse(await readFile(path.join(runs, id, 'run.json'), 'utf8')),
    );
    return { device, threads: threads.training, commit };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
