// `npm run bench:train`: runs the same training here and in torch + PEFT and TRL, alternating, on the same weights and
// device; writes bench/results/train.json, or bench/results/train-gpu.json if the trainer works on a GPU.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { resultPath } from '@/bench/results';
import { AttuneError } from '@/core/errors';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { setupPeerPython } from './peers/python';
import { exportBase, makeTrainInput, SIZES } from './train/setup';

const JOBS = {
  sft: { peers: ['sft'], warmups: 1, rounds: 5 },
  reward: { peers: ['reward'], warmups: 1, rounds: 3 },
  ppo: { peers: ['ppo', 'trl'], warmups: 0, rounds: 2 },
} as const;
type Job = keyof typeof JOBS;

const { values: options } = parseArgs({
  options: {
    /** Some of sft, reward, ppo; the figures of the others stay as they are. */
    jobs: { type: 'string', default: 'sft,reward,ppo' },
    rounds: { type: 'string' },
    /** An interpreter that already has the peers; without TRL, its row is omitted. */
    python: { type: 'string' },
  },
});

interface Run {
  seconds: number;
  loss: number;
  /** Peak resident main memory. */
  peakBytes: number;
  /** Taken on the GPU at the end of the run; the allocators on both sides give nothing back before. */
  gpuBytes: number | null;
  /** The time of all the process's threads, including spinning ones. */
  cpuSeconds: number;
  /** One-minute load average before the run. */
  load: number;
}

interface Result {
  ours: Run[];
  peers: Record<string, Run[]>;
}

/** A process that does its job once per line of input. */
class Worker {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private cpuSeconds = 0;

  constructor(
    readonly name: string,
    command: string,
    args: string[],
  ) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  async next(): Promise<Record<string, number>> {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new AttuneError('UNAVAILABLE', `The process of ${this.name} ended; its message is above.`);
      if (value.startsWith('{"')) return JSON.parse(value) as Record<string, number>;
    }
  }

  async ready(): Promise<Record<string, number>> {
    const first = await this.next();
    this.cpuSeconds = first.cpuSeconds!;
    return first;
  }

  async run(): Promise<Run> {
    const load = loadavg()[0]!;
    this.child.stdin!.write('\n');
    const { seconds, loss, peakBytes, cpuSeconds } = await this.next();
    const used = cpuSeconds! - this.cpuSeconds;
    this.cpuSeconds = cpuSeconds!;
    const gpuBytes = gpuBytesOf(this.child.pid!);
    return { seconds: seconds!, loss: loss!, peakBytes: peakBytes!, gpuBytes, cpuSeconds: used, load };
  }

  close(): void {
    this.child.stdin!.end();
    this.child.kill();
  }
}

/** GPU memory of one process, as the driver counts it; null without a GPU. */
function gpuBytesOf(pid: number): number | null {
  const asked = spawnSync('nvidia-smi', ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'], {
    encoding: 'utf8',
  });
  if (asked.status !== 0) return null;
  const rows = asked.stdout.split('\n').map((line) => line.split(',').map(Number));
  const own = rows.find(([owner]) => owner === pid);
  return own ? own[1]! * 2 ** 20 : null;
}

interface Inputs {
  modelPath: string;
  basePath: string;
  inputPath: string;
  hasTrl: boolean;
}

/** One worker at a time works; the others wait for their line. */
async function measure(
  job: Job,
  python: string,
  { modelPath, basePath, inputPath, hasTrl }: Inputs,
): Promise<Result & { gpu: boolean }> {
  const { warmups, rounds } = JOBS[job];
  const peers = JOBS[job].peers.filter((peer) => peer !== 'trl' || hasTrl);
  const folder = await mkdtemp(join(tmpdir(), 'attune-bench-'));
  const ourArguments = [
    '--import',
    'tsx',
    join(import.meta.dirname, 'train', 'worker.ts'),
    job,
    modelPath,
    inputPath,
    folder,
  ];
  const ourWorker = new Worker('ours', process.execPath, ourArguments);
  const workers = [ourWorker];
  try {
    const gpu = (await ourWorker.ready()).gpu === 1;
    const peerScript = join(import.meta.dirname, 'peers', 'train.py');
    for (const peer of peers) {
      const worker = new Worker(peer, python, [peerScript, peer, basePath, inputPath, gpu ? 'cuda' : 'cpu']);
      workers.push(worker);
      await worker.ready();
    }
    const runs = new Map<string, Run[]>(workers.map(({ name }) => [name, []]));
    const total = warmups + Number(options.rounds ?? rounds);
    for (let round = 0; round < total; round++) {
      for (const worker of workers) {
        const run = await worker.run();
        const figures = `${run.seconds.toFixed(2)} s (processor ${run.cpuSeconds.toFixed(1)} s), peak ${gibibytes(run.peakBytes)}${run.gpuBytes ? ` and ${gibibytes(run.gpuBytes)} on the GPU` : ''}, loss ${run.loss.toFixed(4)}, load ${run.load.toFixed(1)}`;
        console.log(`${job} ${worker.name}${round < warmups ? ' (warm-up)' : ''}: ${figures}`);
        if (round >= warmups) runs.get(worker.name)!.push(run);
      }
    }
    const [ours, ...others] = [...runs];
    return { gpu, ours: ours![1], peers: Object.fromEntries(others) };
  } finally {
    for (const worker of workers) worker.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

interface Ratio {
  time: number;
  memory: number;
  gpuMemory?: number;
}

/** Ours over theirs: below 1 is less time, less memory. Medians over the rounds. */
function ratioOf(ours: Run[], theirs: Run[]): Ratio {
  const ratio = (pick: (run: Run) => number) => Number((median(ours.map(pick)) / median(theirs.map(pick))).toFixed(3));
  const isOnGpu = [...ours, ...theirs].every(({ gpuBytes }) => gpuBytes !== null);
  return {
    time: ratio((run) => run.seconds),
    memory: ratio((run) => run.peakBytes),
    ...(isOnGpu && { gpuMemory: ratio((run) => run.gpuBytes!) }),
  };
}

function ratiosOf(job: Job, { ours, peers }: Result): Record<string, Ratio> {
  if (job !== 'ppo') return { [job]: ratioOf(ours, peers[job]!) };
  return {
    ...(peers.trl && { ppoToTrl: ratioOf(ours, peers.trl) }),
    ppoToTorch: ratioOf(ours, peers.ppo!),
  };
}

function gpuName(): string {
  return execFileSync('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { encoding: 'utf8' }).trim();
}

async function main(): Promise<void> {
  const jobs = options.jobs.split(',') as Job[];
  const unknown = jobs.find((job) => !(job in JOBS));
  if (unknown) throw new AttuneError('BAD_INPUT', `There is no job "${unknown}". Choose from ${Object.keys(JOBS)}.`);
  const python = options.python ?? (await setupPeerPython('train', env.dataFolder, console.log));
  const hasTrl = jobs.includes('ppo') && spawnSync(python, ['-c', 'import trl.experimental.ppo']).status === 0;
  if (jobs.includes('ppo') && !hasTrl) console.log(`${python} has no TRL: its PPO is left out.`);
  const { modelPath, base } = await loadChosenBase();
  const basePath = await exportBase(base, env.dataFolder);
  const inputPath = join(basePath, 'train-input.json');
  await writeFile(inputPath, JSON.stringify(makeTrainInput(base, 1)));

  for (const job of jobs) {
    const { gpu, ...result } = await measure(job, python, { modelPath, basePath, inputPath, hasTrl });
    const file = resultPath(`train${gpu ? '-gpu' : ''}`);
    const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { ratios: {}, runs: {} };
    Object.assign(report.ratios, ratiosOf(job, result));
    report.runs[job] = { date: new Date().toISOString(), ...result };
    Object.assign(report, { base: base.id, sizes: SIZES, processor: cpus()[0]!.model, cores: availableParallelism() });
    if (gpu) report.gpu = gpuName();
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
    console.log(report.ratios);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof AttuneError ? error.message : error);
  process.exit(1);
});
