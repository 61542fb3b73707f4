// Keeps a run's curves as files next to its checkpoints: one JSON line per point, and TensorBoard events.
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import type { RunSink } from './store';
import { openEventFile } from './tensorboard';

const METRICS_FILE = 'metrics.jsonl';
const TENSORBOARD_FOLDER = 'tensorboard';

/** Also passes everything on. A resumed run repeats steps: the last line for a stage and step counts. */
export function recordMetrics(sink: RunSink, folder: string): RunSink {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, METRICS_FILE);
  dropTornLine(file);
  const events = openEventFile(path.join(folder, TENSORBOARD_FOLDER));
  return {
    signal: sink.signal,
    progress: (...figures) => sink.progress(...figures),
    metrics(stage, step, metrics) {
      sink.metrics(stage, step, metrics);
      // JSON has no NaN: figures that are not finite are left out there, and TensorBoard shows them.
      const finite = Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
      appendFileSync(file, `${JSON.stringify({ stage, step, time: new Date().toISOString(), ...finite })}\n`);
      events.scalars(step, Object.fromEntries(Object.entries(metrics).map(([key, x]) => [`${stage}/${key}`, x])));
    },
    flush: () => sink.flush(),
  };
}

/** Drops a line that a killed process left without its newline. */
function dropTornLine(file: string): void {
  if (!existsSync(file)) return;
  const content = readFileSync(file);
  const end = content.lastIndexOf(10) + 1;
  if (end < content.length) truncateSync(file, end);
}
