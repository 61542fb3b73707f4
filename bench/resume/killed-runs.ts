// Kills file-based training runs with SIGKILL at seeded random moments, resumes each, and compares the final weights.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUN_STAGES, type RunStage } from '@/core/contract';
import { sha256File } from '@/core/hash';
import { Rng } from '@/core/rng';

export interface KilledRunsOptions {
  /** For the runs' folders and the data; the caller removes it. */
  folder: string;
  model: string;
  data: string[];
  /** Arguments of `attune train`, such as ['--preset', 'tiny']. */
  args: readonly string[];
  kills: number;
  seed: number;
  write(line: string): void;
}

export interface KilledRun {
  /** The stage in which the kill was planned, and the last line that the process wrote before it. */
  stage: RunStage;
  said: string;
  isEqual: boolean;
}

interface Attempt {
  child: ChildProcess;
  /** Lines of progress, each with the time at which it came. */
  lines: { text: string; at: number }[];
  errors: string[];
  ended: Promise<unknown>;
}

export async function measureKilledRuns(options: KilledRunsOptions): Promise<KilledRun[]> {
  const whole = startAttempt(options, 'whole');
  await whole.ended;
  const expected = await weightsOf(options, 'whole', whole);
  const windows = stageWindows(whole.lines);
  options.write(`uninterrupted: ${expected.slice(0, 16)}…, ${describe(windows)}`);
  const rng = new Rng(options.seed);
  const runs: KilledRun[] = [];
  for (let i = 0; runs.length < options.kills; i++) {
    // Every stage has its turn; the moment inside it is drawn.
    const [stage, { seconds }] = windows[i % windows.length]!;
    const name = `killed-${i}`;
    const first = startAttempt(options, name);
    await Promise.race([until(first, stage), first.ended]);
    await sleep(rng.uniform() * seconds * 1000);
    first.child.kill('SIGKILL');
    await first.ended;
    if (first.child.signalCode !== 'SIGKILL') continue; // it had already ended: no kill to count
    const again = startAttempt(options, name);
    await again.ended;
    const isEqual = (await weightsOf(options, name, again)) === expected;
    const said = first.lines.at(-1)?.text ?? 'nothing';
    runs.push({ stage, said, isEqual });
    options.write(`kill ${runs.length}, ${stage} after "${said}": ${isEqual ? 'equal' : 'OTHER WEIGHTS'}`);
  }
  return runs;
}

function startAttempt({ folder, model, data, args }: KilledRunsOptions, name: string): Attempt {
  const program = ['--import', 'tsx', 'cli/attune.ts', 'train', '--model', model, '--out', join(folder, name)];
  const child = spawn(process.execPath, [...program, ...args, '--data', ...data], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const attempt: Attempt = { child, lines: [], errors: [], ended: once(child, 'close') };
  createInterface(child.stdout!).on('line', (text) => attempt.lines.push({ text, at: Date.now() }));
  createInterface(child.stderr!).on('line', (text) => attempt.errors.push(text));
  return attempt;
}

/** Throws with the end of the process's output if it left no version. */
async function weightsOf({ folder }: KilledRunsOptions, name: string, { child, errors }: Attempt): Promise<string> {
  const artifacts = join(folder, name, 'artifacts');
  const versions = await readdir(artifacts).catch(() => []);
  const version = versions.find((file) => !file.startsWith('.'));
  if (version) return sha256File(join(artifacts, version, 'adapter_model.safetensors'));
  throw new Error(`${name} left no version (exit code ${child.exitCode}):\n${errors.slice(-8).join('\n')}`);
}

async function until({ lines, child }: Attempt, stage: RunStage): Promise<void> {
  while (child.exitCode === null && !lines.some(({ text }) => text.startsWith(stage))) await sleep(5);
}

type Windows = [RunStage, { seconds: number }][];

/** How long each stage took; the last ends with the process. */
function stageWindows(lines: Attempt['lines']): Windows {
  const starts = RUN_STAGES.flatMap((stage) => {
    const line = lines.find(({ text }) => text.startsWith(stage));
    return line ? [{ stage, at: line.at }] : [];
  });
  const end = lines.at(-1)!.at;
  return starts.map(({ stage, at }, i) => [stage, { seconds: ((starts[i + 1]?.at ?? end) - at) / 1000 }]);
}

const describe = (windows: Windows) =>
  windows.map(([stage, { seconds }]) => `${stage} ${seconds.toFixed(2)} s`).join(', ');

/** Pairs and demonstrations in the shapes of HH-RLHF and TRL: letters of the alphabet's first half are preferred. */
export async function writeDataSet(file: string, rows: number): Promise<void> {
  const rng = new Rng(3);
  const text = (first: string) =>
    Array.from({ length: 8 }, () => String.fromCharCode(first.charCodeAt(0) + rng.integer(12))).join('');
  const lines = Array.from({ length: rows }, (_, i) => {
    const dialogue = (answer: string) => `\n\nHuman: q${i}\n\nAssistant: ${answer}`;
    return [
      { chosen: dialogue(text('a')), rejected: dialogue(text('n')) },
      { prompt: `s${i}`, completion: text('a') },
    ].map((row) => JSON.stringify(row));
  });
  await writeFile(file, `${lines.flat().join('\n')}\n`);
}
