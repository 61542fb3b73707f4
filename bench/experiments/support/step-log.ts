// The raw log of an experiment: one JSON line a step, with the seconds that it took and how busy the machine was.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface StepLog {
  write(line: { step: number } & Record<string, unknown>): void;
  /** Of all steps; waiting between two calls of the script is left out. */
  seconds(): number;
}

/** A resumed run repeats the steps since its last checkpoint: they are written once more, and the last one counts. */
export function openStepLog(file: string): StepLog {
  mkdirSync(path.dirname(file), { recursive: true });
  let last = Date.now();
  return {
    write(line) {
      const now = Date.now();
      const [load] = os.loadavg();
      appendFileSync(file, `${JSON.stringify({ ...line, seconds: (now - last) / 1000, load })}\n`);
      last = now;
    },
    seconds() {
      if (!existsSync(file)) return 0;
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
      const byStep = new Map(
        lines.map((line) => JSON.parse(line)).map((line) => [`${line.step} ${'eval_loss' in line}`, line]),
      );
      return [...byStep.values()].reduce((sum, { seconds }) => sum + seconds, 0);
    },
  };
}
