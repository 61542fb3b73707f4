// A folder belongs to one living process at a time.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findHolder, lockFolder, lockInTurn } from '@/core/process/folder-lock';
import { processStart } from '@/core/process/process-alive';
import { temporaryFolder } from './files';

const root = temporaryFolder();
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const refuse = ({ pid, url }: { pid: number; url?: string }) => new Error(`held by ${pid} at ${url}`);

/** Another process, which prints whether it got the lock. */
async function comer(prefix: string): Promise<{ child: ChildProcess; said: string }> {
  const script = `import { lockFolder } from './core/process/folder-lock.ts';
    await lockFolder(process.argv.at(-1), ({ pid }) => new Error('held by ' + pid))
      .then((lock) => { lock.announce('http://x'); console.log('got it'); }, (error) => console.log(error.message));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return { child, said: String((await once(child.stdout!, 'data'))[0]).trim() };
}

test('a second process is told who holds the lock, and a killed holder leaves it free', async () => {
  const prefix = join(root, 'one', 'product');
  const first = await comer(prefix);
  expect(first.said).toBe('got it');
  await expect.poll(() => findHolder(prefix)?.url).toBe('http://x');
  await expect(lockFolder(prefix, refuse)).rejects.toThrow(`held by ${first.child.pid} at http://x`);
  const exited = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await exited;
  const lock = await lockFolder(prefix, refuse);
  lock.release();
  expect(findHolder(prefix)).toBeNull();
  expect(readdirSync(join(root, 'one'))).toEqual([]);
});

test('exactly one of five simultaneous processes gets the lock', async () => {
  const prefix = join(root, 'five', 'product');
  const said = (await Promise.all([1, 2, 3, 4, 5].map(() => comer(prefix)))).map((one) => one.said);
  expect(said.filter((text) => text === 'got it')).toHaveLength(1);
  expect(said.filter((text) => text.startsWith('held by'))).toHaveLength(4);
});

test('a holder whose process id was reused counts as gone; one in another container holds while it beats', async () => {
  const prefix = join(root, 'reused');
  const note = (holder: object) => writeFileSync(`${prefix}.0123456789ab`, JSON.stringify(holder));
  const self = { pid: process.pid, started: processStart(process.pid), host: os.hostname() };
  if (process.platform === 'linux') {
    note({ ...self, started: '1' });
    expect(findHolder(prefix)).toBeNull();
  }
  note({ ...self, host: 'another', started: '1' });
  expect(findHolder(prefix)).toMatchObject({ host: 'another' });
  utimesSync(`${prefix}.0123456789ab`, new Date(), new Date(Date.now() - 60_000));
  expect(findHolder(prefix)).toBeNull();
});

test('a process that waits its turn has the lock once the holder is gone, and may give up waiting', async () => {
  const prefix = join(root, 'turn', 'build');
  const first = await comer(prefix);
  const impatient = new AbortController();
  const givesUp = lockInTurn(prefix, impatient.signal);
  impatient.abort();
  await expect(givesUp).rejects.toThrow('abort');
  let isMine = false;
  const waits = lockInTurn(prefix).then((lock) => {
    isMine = true;
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(isMine).toBe(false);
  first.child.kill('SIGKILL');
  const lock = await waits;
  expect(findHolder(prefix)?.pid).toBe(process.pid);
  lock.release();
});
