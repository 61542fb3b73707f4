// Runs the product's training from files, without a database; running the same command again resumes it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { readManifest } from '@/core/artifact/artifact';
import { loadBase } from '@/core/base/load-base';
import { parseConfig } from '@/core/config/presets';
import { AttuneError } from '@/core/errors';
import { createLogger } from '@/core/logger';
import { dataPaths } from '@/core/paths';
import { type FolderLock, lockFolder } from '@/core/process/folder-lock';
import { describeLeftOut } from '@/core/snapshot/left-out';
import { excerpt } from '@/core/text/text';
import { env } from '@/product/env';
import { findWeights } from '@/product/setup/weights';
import { readDataFiles } from '@/trainer/data/files';
import { readTextFile } from '@/trainer/data/text-file';
import { checkSnapshot } from '@/trainer/gates/validation';
import { filesHome, readResult } from '@/trainer/runs/folder-store';
import type { Outcome, RunSink } from '@/trainer/runs/store';

export async function train(args: string[], usage: string): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      data: { type: 'string', multiple: true },
      out: { type: 'string' },
      preset: { type: 'string' },
      config: { type: 'string' },
      seed: { type: 'string' },
      parent: { type: 'string' },
      model: { type: 'string' },
    },
  });
  const files = [...(values.data ?? []), ...positionals];
  if (!values.out || files.length === 0)
    throw new AttuneError('BAD_INPUT', `Name the data and the folder.\n\n${usage}`);
  const config = {
    ...(values.preset === undefined ? {} : { preset: values.preset }),
    ...(values.seed === undefined ? {} : { seed: wholeNumber(values.seed) }),
    ...(values.config === undefined ? {} : await readConfig(values.config)),
  };
  const settings = parseConfig(config); // refused before anything is loaded
  const folder = path.resolve(values.out);
  const shared = dataPaths(env.dataFolder);
  const { path: modelPath } = await findWeights({
    model: values.model ?? env.ATTUNE_MODEL,
    modelsFolder: shared.models,
    hubUrl: env.HF_ENDPOINT,
    hubToken: env.HF_TOKEN,
    progress: () => {},
  });
  const stop = new AbortController();
  const end = () => stop.abort(new AttuneError('CANCELLED', `Stopped. Run the same command to resume in ${folder}.`));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, end);
  const bar = openBar();
  let lock: FolderLock | null = null;
  try {
    const base = await loadBase(modelPath);
    const data = await readDataFiles(files, base);
    checkSnapshot(data, settings, base.weights.config.eosTokenIds);
    const leftOut = describeLeftOut(data.counts);
    if (leftOut) console.error(leftOut);
    lock = await lockFolder(path.join(folder, 'lock'), ({ pid }) => inUse(folder, pid));
    const home = await filesHome({
      folder,
      config,
      parent: values.parent === undefined ? null : await readParent(path.resolve(values.parent)),
      data,
      constraints: undefined,
      signal: stop.signal,
      onProgress: bar.show,
    });
    // Loaded only now because TensorFlow takes seconds: bad input is refused at once.
    const [{ startBackend }, { runPipeline }] = await Promise.all([
      import('@/trainer/backend'),
      import('@/trainer/pipeline'),
    ]);
    await startBackend();
    const machine = {
      modelPath,
      cache: path.join(env.dataFolder, 'cache'),
      classifiers: dataPaths(env.dataFolder).classifiers,
      engineThreads: env.ATTUNE_ENGINE_THREADS,
    };
    const log = createLogger('train');
    log.level = 'warn';
    const outcome = (await readResult(folder)) ?? (await runPipeline(home, machine, log));
    bar.stop();
    return report(outcome, home.artifacts);
  } finally {
    bar.stop();
    lock?.release();
  }
}

const inUse = (folder: string, pid: number) =>
  new AttuneError(
    'CONFLICT',
    `Process ${pid} is training in ${folder}. Wait until it ends, stop it, or name another folder with --out.`,
  );

async function readConfig(given: string): Promise<Record<string, unknown>> {
  const text = existsSync(given) ? await readTextFile(given) : given;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new AttuneError(
      'BAD_INPUT',
      `--config ${excerpt(given)}: neither a file nor JSON (${excerpt((cause as Error).message)}).`,
    );
  }
  throw new AttuneError('BAD_INPUT', `--config ${excerpt(given)}: give an object such as {"ppo": {"iterations": 2}}.`);
}

function wholeNumber(seed: string): number {
  if (/^\d+$/u.test(seed)) return Number(seed);
  throw new AttuneError('BAD_INPUT', `--seed is a whole number, 0 or more, not ${excerpt(JSON.stringify(seed))}.`);
}

async function readParent(directory: string) {
  const { versionId } = await readManifest(directory);
  return { versionId, directory };
}

/** A rejected version is a normal outcome with its own exit code. */
function report({ status, versionId, verdict }: Outcome, artifacts: string): number {
  console.log(`${verdict}\n${path.join(artifacts, versionId)}`);
  return status === 'done' ? 0 : 3;
}

/** One bar for the current stage; without a terminal, a line for each tenth of a stage. */
function openBar(): { show: RunSink['progress']; stop(): void } {
  const format = '{stage} {bar} {percentage} % {left}';
  const bar = new cliProgress.SingleBar(
    { format, hideCursor: true, clearOnComplete: true },
    cliProgress.Presets.shades_classic,
  );
  const isTerminal = process.stdout.isTTY;
  let shown = '';
  return {
    show(stage, progress, secondsLeft) {
      const left = secondsLeft === null ? '' : `${Math.ceil(secondsLeft)} s left`;
      if (isTerminal) {
        if (shown !== stage) bar.start(100, 0, { stage: stage.padEnd(12), left });
        bar.update(Math.round(100 * progress), { stage: stage.padEnd(12), left });
        shown = stage;
        return;
      }
      const line = `${stage} ${Math.floor(10 * progress) * 10} %`;
      if (line !== shown) console.log(left ? `${line}, ${left}` : line);
      shown = line;
    },
    stop: () => bar.stop(),
  };
}
