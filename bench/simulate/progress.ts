// A step of a simulation: a bar on a terminal, and the seconds that it took.
import { SingleBar } from 'cli-progress';

export async function withBar<T>(
  title: string,
  total: number,
  work: (done: (n: number) => void, bar?: SingleBar) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const bar = process.stdout.isTTY
    ? new SingleBar({
        format: `  ${title.padEnd(12)} {bar} {value}/{total} {detail}`,
        hideCursor: true,
        clearOnComplete: true,
      })
    : undefined;
  bar?.start(total, 0, { detail: '' });
  try {
    return await work((done) => bar?.update(done), bar);
  } finally {
    bar?.stop();
    console.log(`  ${title.padEnd(12)} ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
}
