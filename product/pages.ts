// Builds the web pages, once for each state of their sources.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { explainWriteError } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { lockInTurn } from '@/core/process/folder-lock';
import { LEASH } from '@/core/process/supervise';
import { printable } from '@/core/text/printable';
import { NEXT, ROOT } from './processes';
import type { StepProgress } from './setup/steps';

/** Seconds that a build takes on two cores; about its progress the build reports only the name of its phase. */
const TYPICAL_SECONDS = 60;
/** The file that `next start` looks for; a build writes it last. */
const BUILD_ID = join(ROOT, '.next', 'BUILD_ID');
/** In the one folder that a build does not empty. */
const LOCK = join(ROOT, '.next', 'cache', 'attune-build');
const SOURCES = [
  'app',
  'server',
  'core',
  'engine',
  'db',
  'public',
  'package-lock.json',
  'next.config.ts',
  'instrumentation.ts',
  'proxy.ts',
];

/** Skips the build if its stamp, a hash of the names, sizes and times of the sources, is still the same. */
export async function buildPages(
  progress: StepProgress,
  signal?: AbortSignal,
): Promise<{ value: null; summary: string }> {
  // Starts over two data folders share the build of one checkout.
  const lock = await lockInTurn(LOCK, signal);
  try {
    return await buildOnce(progress, signal);
  } finally {
    lock.release();
  }
}

async function buildOnce(progress: StepProgress, signal?: AbortSignal): Promise<{ value: null; summary: string }> {
  const stampFile = join(ROOT, '.next', 'attune-stamp');
  const stamp = await sourceStamp();
  const isBuilt = (await readFile(stampFile, 'utf8').catch(() => '')) === stamp && existsSync(BUILD_ID);
  if (isBuilt) return { value: null, summary: 'are built' };
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  // Approaches the end without reaching it, however slow the machine is.
  const timer = setInterval(() => progress(1 - Math.exp((-2 * seconds()) / TYPICAL_SECONDS), 1, 'part'), 500);
  try {
    await runBuild(signal);
    await writeFile(stampFile, stamp);
  } catch (error) {
    throw explainWriteError(error, join(ROOT, '.next'));
  } finally {
    clearInterval(timer);
  }
  return { value: null, summary: `built in ${seconds().toFixed(0)} s (.next)` };
}

function runBuild(signal?: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, [...LEASH, NEXT, 'build'], {
      cwd: ROOT,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      signal,
    });
    let output = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk) => (output = (output + chunk).slice(-8000)));
    child.once('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
    child.once('close', (code) => {
      if (code === 0 && existsSync(BUILD_ID)) return resolve();
      if (/ENOSPC|No space left/.test(output))
        return reject(new AttuneError('UNAVAILABLE', `The disk of ${ROOT} is full; free a gigabyte and start again.`));
      const said = printable(stripVTControlCharacters(output).trim());
      reject(new AttuneError('INTERNAL', `The pages could not be built (next build, code ${code}):\n${said}`));
    });
  });
}

async function sourceStamp(): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of SOURCES) {
    const path = join(ROOT, entry);
    const info = await stat(path).catch(() => null);
    if (!info) continue;
    const files = info.isDirectory()
      ? (await readdir(path, { recursive: true, withFileTypes: true }))
          .filter((f) => f.isFile())
          .map((f) => join(f.parentPath, f.name))
      : [path];
    for (const file of files.sort()) {
      const { size, mtimeMs } = await stat(file);
      hash.update(`${relative(ROOT, file)} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}
