// Fetches one wheel with the machine's own pip, which respects any configured index or cache, and watches it grow.
import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainWriteError } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import type { StepProgress } from './steps';

export interface WheelRequest {
  /** In pip's form: `name==version`. */
  requirement: string;
  /** Emptied first; afterwards it contains only the wheel. */
  folder: string;
  /** Only for the progress; nothing is checked against it. */
  expectedBytes: number;
  /** More options for pip, such as another platform. */
  options?: string[];
  signal?: AbortSignal;
  progress: StepProgress;
}

/**
 * Resolves with the wheel's path. Throws UNAVAILABLE with pip's last line if Python, pip, the index or the disk fails.
 */
export async function downloadWheel(request: WheelRequest): Promise<string> {
  const { requirement, folder, expectedBytes, progress } = request;
  // pip writes to its temporary folder first. Inside this folder, an interrupted download is removed with the rest.
  const temporary = join(folder, 'tmp');
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
  } catch (error) {
    throw explainWriteError(error, folder);
  }
  const watch = setInterval(
    () => void folderBytes(folder).then((bytes) => progress(Math.min(bytes, expectedBytes), expectedBytes)),
    250,
  );
  try {
    await runPip(request, temporary);
  } finally {
    clearInterval(watch);
    await rm(temporary, { recursive: true, force: true });
  }
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel)
    throw new AttuneError('INTERNAL', `pip said that it fetched ${requirement}, but ${folder} holds no wheel.`);
  return join(folder, wheel);
}

function runPip({ requirement, folder, options = [], signal }: WheelRequest, temporary: string): Promise<void> {
  const fixed = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '-q', '-d', folder];
  return new Promise((resolve, reject) => {
    const child = spawn('python3', ['-m', 'pip', 'download', ...fixed, ...options, requirement], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    });
    let errors = '';
    child.stderr!.on('data', (chunk) => (errors = (errors + chunk).slice(-4000)));
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.name === 'AbortError') return reject(cause);
      const sentence = `python3 could not be run (${cause.code}). Install Python 3 with pip, then start again.`;
      reject(new AttuneError('UNAVAILABLE', sentence, { cause }));
    });
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const last = errors.trim().split('\n').at(-1) || `exit code ${code}`;
      reject(new AttuneError('UNAVAILABLE', `pip could not fetch ${requirement} (${last}). ${remedy(errors)}`));
    });
  });
}

function remedy(errors: string): string {
  if (/No space left|ENOSPC/.test(errors)) return 'The disk is full: free some space, then start again.';
  if (/No module named pip/.test(errors)) return 'Install pip for python3 (Debian: python3-pip), then start again.';
  if (/do not match the hashes/i.test(errors)) return 'The file arrived damaged: start again.';
  if (/No matching distribution/.test(errors))
    return `The package index cannot be reached, or has nothing for ${process.platform} ${process.arch}: check the network or the pip index, then start again.`;
  return 'Check the network or the pip index, then start again.';
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (s) => (s.isFile() ? s.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
