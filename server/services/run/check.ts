// Checks an order before it is queued: its settings, and whether there is enough feedback; estimates how long it takes.
import { readConfig } from '@/core/config/presets';
import { AttuneError } from '@/core/errors';
import { type Estimate, estimateSeconds } from '@/core/runs/estimate';
import { type AtHand, type RunProblem, shortagesOf } from '@/core/runs/needs';
import type { Executor } from '@/db/client';
import type { Product } from '../product';
import { countAtHand } from './at-hand';
import { identityOf, readPastRuns } from './past';

const MAX_CONFIG_BYTES = 16 * 1024;

export interface RunCheck {
  problems: RunProblem[];
  /** null while no run on this machine says anything about it. */
  estimate: Estimate | null;
}

export async function checkRun({ db }: Product, config: Record<string, unknown>): Promise<RunCheck> {
  const at = await countAtHand(db);
  return { problems: problemsOf(config, at), estimate: await estimateRun(db, config, at) };
}

/** Refuses an order that the trainer would refuse later, on a page that waits for measurements. */
export async function requireStartable(db: Executor, config: Record<string, unknown>): Promise<void> {
  const problems = problemsOf(config, await countAtHand(db));
  if (problems.length === 0) return;
  const said = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  throw new AttuneError('BAD_INPUT', `The run cannot start: ${said.join(' ')}`);
}

export async function estimateRun(db: Executor, config: Record<string, unknown>, at: AtHand): Promise<Estimate | null> {
  return estimateSeconds(await readPastRuns(db), { ...identityOf(config), examples: examplesOf(at) });
}

export const examplesOf = (at: AtHand) => at.decided + at.undecided + at.thumbs + at.others;

function problemsOf(config: Record<string, unknown>, at: AtHand): RunProblem[] {
  const bytes = Buffer.byteLength(JSON.stringify(config));
  if (bytes > MAX_CONFIG_BYTES) {
    const message = `The configuration has ${bytes} bytes; the limit is ${MAX_CONFIG_BYTES}.`;
    return [{ path: '', message, shortage: null }];
  }
  const read = readConfig(config);
  if ('problems' in read) return read.problems.map((problem) => ({ ...problem, shortage: null }));
  return shortagesOf(at, read.settings);
}
