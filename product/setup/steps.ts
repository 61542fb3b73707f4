// Shows one set-up step at a time: a bar in a terminal, a line in a log, and at the end one sentence about what it did.
import { SingleBar } from 'cli-progress';
import pc from 'picocolors';

/** Done and total, in bytes unless the unit is `part`; total is null if it is not known. */
export type StepProgress = (done: number, total: number | null, unit?: 'bytes' | 'part') => void;

const out = process.stdout;

/** Runs one step; its summary says what was done and where it is kept. Removes the bar before it rethrows an error. */
export async function runStep<T>(
  title: string,
  work: (progress: StepProgress) => Promise<{ value: T; summary: string }>,
): Promise<T> {
  const bar = out.isTTY
    ? new SingleBar({ format: `  ${title.padEnd(12)} {bar} {detail}`, hideCursor: true, clearOnComplete: true })
    : null;
  bar?.start(100, 0, { detail: '' });
  let lastTenth = 0;
  try {
    const { value, summary } = await work((done, total, unit = 'bytes') => {
      const percent = total ? Math.min(100, Math.round((100 * done) / total)) : 0;
      const detail =
        unit === 'part'
          ? `${percent} %`
          : `${(done / 2 ** 20).toFixed(0)}${total ? ` / ${(total / 2 ** 20).toFixed(0)}` : ''} MiB`;
      if (bar) bar.update(percent, { detail });
      else if (total && Math.floor(percent / 25) > lastTenth) {
        lastTenth = Math.floor(percent / 25);
        out.write(`  ${title}: ${detail}\n`);
      }
    });
    bar?.stop();
    out.write(`  ${pc.green('✓')} ${title.padEnd(12)} ${summary}\n`);
    return value;
  } catch (error) {
    bar?.stop();
    out.write(`  ${pc.red('✗')} ${title.padEnd(12)} ${error instanceof Error ? error.message : String(error)}\n`);
    throw error;
  }
}
