// A signal to npm, or to any process below it, ends every process of a start, at whatever moment it comes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { writeTinyLlama } from '@/test/tiny-llama';

const ROOT = path.join(import.meta.dirname, '../..');

interface Start {
  npm: ChildProcess;
  folder: string;
  /** Resolves once the output matches. */
  said(text: RegExp): Promise<void>;
}

const starts: Start[] = [];
afterEach(async () => {
  for (const { folder } of starts.splice(0)) {
    for (const { pid } of livingOf(folder)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

/** Runs `npm start` as a service manager does: without a terminal, in its own process group. */
async function npmStart(environment: Record<string, string> = {}): Promise<Start> {
  const folder = environment.ATTUNE_DATA ?? (await mkdtemp(path.join(os.tmpdir(), 'attune-signals-')));
  await chmod(folder, 0o755); // when run as root, Postgres runs as another user, who must be able to enter
  // The native TensorFlow of the checkout: a start with its own would download it, and leave the package without it.
  const native = path.resolve(ROOT, process.env.ATTUNE_DATA ?? '.attune', 'native');
  if (existsSync(native) && !existsSync(path.join(folder, 'native')))
    await symlink(native, path.join(folder, 'native'));
  const model = path.join(folder, 'tiny-llama');
  await writeTinyLlama(model, { seed: 1 });
  const npm = spawn('npm', ['start'], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', PORT: '0', ATTUNE_MODEL: model, ...environment, ATTUNE_DATA: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [npm.stdout!, npm.stderr!]) stream.on('data', (chunk) => (output += chunk));
  const said = async (text: RegExp) => {
    for (const deadline = Date.now() + 90_000; !text.test(output); await sleep(20))
      if (Date.now() > deadline || npm.exitCode !== null) throw new Error(`It never said ${text}:\n${output}`);
  };
  const start = { npm, folder, said };
  starts.push(start);
  return start;
}

/** Living processes whose data folder or arguments name the folder. */
function livingOf(folder: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const read = (file: string) => readFileSync(`/proc/${name}/${file}`, 'utf8');
        const command = read('cmdline').replaceAll('\0', ' ').trim();
        const isOurs = read('environ').includes(`ATTUNE_DATA=${folder}\0`) || command.includes(folder);
        return isOurs && command ? [{ pid: Number(name), command }] : [];
      } catch {
        return []; // the process ended in the meantime
      }
    });
}

const find = (folder: string, command: RegExp) => livingOf(folder).find((one) => command.test(one.command))!.pid;

describe.skipIf(process.platform !== 'linux')('everything ends', () => {
  it.each([
    ['SIGTERM', /\nAttune/, 0],
    ['SIGHUP', /\nAttune/, 500], // while initdb runs
    ['SIGINT', /\nAttune/, 1500],
    ['SIGTERM', /✓ PostgreSQL/, 0],
    ['SIGINT', /✓ PostgreSQL/, 0],
    ['SIGHUP', /✓ PostgreSQL/, 0],
    ['SIGKILL', /✓ PostgreSQL/, 0],
  ] as const)('by %s to npm, after %s and %i ms', async (signal, moment, delay) => {
    const { npm, folder, said } = await npmStart();
    await said(moment);
    await sleep(delay);
    expect(livingOf(folder).length).toBeGreaterThan(1);
    npm.kill(signal);
    await expect.poll(() => livingOf(folder), { timeout: 15_000 }).toEqual([]);
  });

  it.each([
    ['start', 'SIGKILL', /product\/start/],
    ['the database', 'SIGTERM', /bin\/postgres -D/],
    ["the database's keeper", 'SIGHUP', /keeper\.mjs/],
  ] as const)('by a signal to %s (%s)', async (_, signal, command) => {
    const { folder, said } = await npmStart();
    await said(/✓ PostgreSQL/);
    process.kill(find(folder, command), signal);
    await expect.poll(() => livingOf(folder), { timeout: 15_000 }).toEqual([]);
  });
});

it('a second start over the folder names the process that runs there, and leaves it alone', async () => {
  const first = await npmStart();
  await first.said(/\nAttune/);
  await sleep(1000);
  const second = await npmStart({ ATTUNE_DATA: first.folder });
  await second.said(/Attune did not start: .*Attune already runs on .*: process \d+/);
  if (second.npm.exitCode === null) await once(second.npm, 'exit');
  expect(second.npm.exitCode).toBe(1);
  await first.said(/✓ PostgreSQL/);
});

it.each([
  [
    'PORT',
    'abc',
    'The environment variable PORT="abc" must be a whole number, from 0 to 65535. Change it and start again.',
  ],
  [
    'ATTUNE_MODLE',
    'x',
    'There is no environment variable ATTUNE_MODLE. Did you mean ATTUNE_MODEL? .env.example lists all of them.',
  ],
])('%s=%s is refused with a sentence and without a stack trace', async (name, value, sentence) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'product/start.ts'], {
    cwd: ROOT,
    env: { ...process.env, [name]: value },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr!.on('data', (chunk) => (errors += chunk));
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(errors).toBe(`${sentence}\n`);
});
