// Measures one stream's tokens per second without and with training under way, for each way to share the cores.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadBase } from '@/core/base/load-base';
import { type SpawnedEngine, spawnEngine } from '@/engine/spawn';
import { env } from '@/product/env';
import { writeResult } from './results';
import { runStreams } from './serve/engine-runs';
import { writeVersion } from './serve/versions';
import { makeTrainInput } from './train/setup';

const ANSWER_TOKENS = 128;
const SECONDS = 15;
const SETTINGS = [
  { threads: 2, spinning: true },
  { threads: 2, spinning: false },
  { threads: 1, spinning: false },
];
const NICENESS = [0, 10];

/** A process that runs training steps one after another until it is stopped. */
class Training {
  seconds: number[] = [];
  private constructor(private readonly child: ChildProcess) {}

  static async start(args: string[], niceness: number): Promise<Training> {
    const child = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
    setPriority(child.pid!, niceness); // as the supervisor does
    const training = new Training(child);
    const lines = createInterface({ input: child.stdout! });
    await new Promise<void>((resolve, reject) => {
      lines.once('line', () => resolve());
      child.once('exit', (code) => reject(new Error(`The training process ended with code ${code}.`)));
    });
    lines.on('line', (line) => training.seconds.push((JSON.parse(line) as { seconds: number }).seconds));
    child.stdin!.write('\n'.repeat(1000));
    training.pause();
    return training;
  }

  pause = () => this.child.kill('SIGSTOP');
  resume = () => this.child.kill('SIGCONT');
  end = () => this.child.kill('SIGKILL');
}

async function main([job = 'sft', modelPath = env.ATTUNE_MODEL]: string[]): Promise<void> {
  if (!modelPath || !['sft', 'reward'].includes(job)) {
    throw new Error('Usage: npm run bench:beside -- [sft|reward] <GGUF file>   (or set ATTUNE_MODEL)');
  }
  const folder = join(env.dataFolder, 'bench');
  const artifacts = join(folder, 'artifacts');
  const base = await loadBase(modelPath);
  await writeVersion(artifacts, base, 'bench-1', 1);
  const inputPath = join(folder, 'beside-input.json');
  writeFileSync(inputPath, JSON.stringify(makeTrainInput(base, 1)));
  const worker = [join(import.meta.dirname, 'train', 'worker.ts'), job, modelPath, inputPath, folder];
  const trainings = await Promise.all(NICENESS.map((niceness) => Training.start(worker, niceness)));
  const stopIds = base.weights.config.eosTokenIds;
  const prompt = base.renderPrompt([{ role: 'user', content: 'Tell me a story about the sea and a small boat.' }]);
  const measure = async ({ client }: SpawnedEngine): Promise<number> => {
    const rates: number[] = [];
    for (const end = performance.now() + SECONDS * 1000; performance.now() < end; ) {
      const figures = await runStreams(client, [prompt], { count: ANSWER_TOKENS, versions: ['bench-1'], stopIds });
      rates.push(figures.tokensPerSecond);
    }
    return rates.sort((a, b) => a - b)[rates.length >> 1]!;
  };
  const rows: Record<string, Record<string, number | string>> = {};
  const loads = [loadavg()[0]!];
  let engine: SpawnedEngine | null = null;
  try {
    for (const { threads, spinning } of SETTINGS) {
      engine = await spawnEngine({
        modelPath,
        artifacts,
        cache: join(env.dataFolder, 'cache'),
        socketPath: join(folder, 'beside.sock'),
        threads,
        spinning,
      });
      await runStreams(engine.client, [prompt], { count: ANSWER_TOKENS, versions: ['bench-1'], stopIds });
      const quiet = await measure(engine);
      const row: Record<string, number | string> = { quiet: Number(quiet.toFixed(1)) };
      for (const [i, training] of trainings.entries()) {
        training.resume();
        await new Promise((resolve) => setTimeout(resolve, 1500));
        const before = training.seconds.length;
        const rate = await measure(engine);
        row[`beside, niceness ${NICENESS[i]}`] = Number(rate.toFixed(1));
        row[`ratio, niceness ${NICENESS[i]}`] = Number((rate / quiet).toFixed(2));
        row[`steps, niceness ${NICENESS[i]}`] = training.seconds
          .slice(before)
          .map((s) => s.toFixed(1))
          .join(' ');
        training.pause();
      }
      rows[`${threads} threads, ${spinning ? 'spinning' : 'waiting'}`] = row;
      loads.push(loadavg()[0]!);
      await engine.close();
      engine = null;
    }
    const result = {
      settings: `int8, one stream, ${job} steps of the trainer beside it, ${SECONDS} s a figure, tokens/s`,
      rows,
      loadAverage: loads.map((load) => Number(load.toFixed(2))),
      measuredAt: new Date().toISOString(),
    };
    await writeResult('beside', result);
    console.table(rows);
  } finally {
    for (const training of trainings) training.end();
    await engine?.close();
  }
}

await main(process.argv.slice(2));
