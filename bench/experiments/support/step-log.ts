// Writes an experiment's raw log: one JSON line per step, with its seconds and the machine's load.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface StepLog {
  write(line: { step: number } & Record<string, unknown>): void;
  /** The time of all steps, without the time between two runs of the script. */
  seconds(): number;
}

/** A resumed run repeats the steps since its last checkpoint: they are written again, and the last line counts. */
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
