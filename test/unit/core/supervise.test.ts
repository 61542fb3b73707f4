// The supervisor with small children: restarts, stopping all of them, and a log that a person can read.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { AttuneError } from '@/core/errors';
import { createLogger } from '@/core/logger';
import { isAlive } from '@/core/process/process-alive';
import { LEASH, type ProcessPlan, type Supervisor, supervise } from '@/core/process/supervise';
import { readable } from '@/core/text/log-line';
import { temporaryFolder } from '@/test/unit/core/files';

const root = temporaryFolder();
let supervisor: Supervisor | null = null;
afterEach(() => supervisor?.stop());

const plan = (name: string, script: string): ProcessPlan => ({ name, args: ['-e', script], env: { ...process.env } });
/** Prints "up", lives until SIGTERM, and then prints "goes". */
const PATIENT =
  "process.on('SIGTERM', () => { console.log('goes'); process.exit(0); }); setInterval(() => {}, 1000); console.log('up');";
/** Ignores SIGTERM; ends after some seconds, so that a failing test leaves nothing behind. */
const STUBBORN = "process.on('SIGTERM', () => {}); setTimeout(() => {}, 6000); console.log('up');";

function start(plans: ProcessPlan[], graceMs?: number): { supervisor: Supervisor; lines: string[] } {
  const lines: string[] = [];
  supervisor = supervise(plans, (line) => lines.push(stripVTControlCharacters(line)), graceMs);
  return { supervisor, lines };
}
const count = (lines: string[], text: string) => lines.filter((line) => line.includes(text)).length;

describe('a child that crashes', () => {
  test('is restarted at once under its name, without touching the others', async () => {
    const { supervisor, lines } = start([plan('web', PATIENT), plan('engine', PATIENT)]);
    await expect.poll(() => count(lines, 'up')).toBe(2);
    const [web, engine] = [supervisor.pid('web')!, supervisor.pid('engine')!];
    process.kill(web, 'SIGKILL');
    await expect.poll(() => supervisor.pid('web') ?? web).not.toBe(web);
    await expect.poll(() => count(lines, 'up')).toBe(3);
    expect(supervisor.pid('engine')).toBe(engine);
    expect(lines).toContain('web      │ ended (SIGKILL); starting it again in 50 ms');
  });

  test('repeatedly waits four times as long each time', async () => {
    const { supervisor, lines } = start([plan('web', 'process.exit(3)')]);
    await expect.poll(() => count(lines, 'ended'), { timeout: 10_000 }).toBe(3);
    const delays = lines.map((line) => /ended \(exit code 3\); starting it again in (\d+) ms/.exec(line)?.[1]);
    expect(delays).toEqual(['50', '200', '800']);
    expect(supervisor.pid('web')).toBeUndefined();
    // Stopping also cancels the pending restart.
    await supervisor.stop();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(count(lines, 'ended')).toBe(3);
  });
});

describe('a child that a person ends', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s is not restarted, and the product is notified',
    async (signal) => {
      const { supervisor, lines } = start([
        plan('web', "setInterval(() => {}, 1000); console.log('up')"),
        plan('engine', PATIENT),
      ]);
      await expect.poll(() => count(lines, 'up')).toBe(2);
      process.kill(supervisor.pid('web')!, signal);
      expect(await supervisor.ended).toBe('web');
      expect(supervisor.pid('web')).toBeUndefined();
      expect(lines.at(-1)).toBe(`web      │ was ended (${signal})`);
    },
  );

  test('and that handles the signal and ends cleanly is not restarted either', async () => {
    const { supervisor, lines } = start([plan('engine', PATIENT)]);
    await expect.poll(() => count(lines, 'up')).toBe(1);
    process.kill(supervisor.pid('engine')!, 'SIGTERM');
    expect(await supervisor.ended).toBe('engine');
    expect(count(lines, 'starting it again')).toBe(0);
  });
});

test('a child, its threads and its own children have the niceness of its plan, and the others do not', async () => {
  // A worker thread's own niceness is in /proc on Linux; elsewhere it is that of the process.
  const script = `const os = require('node:os'), fs = require('node:fs'), { execFileSync } = require('node:child_process');
    const { Worker } = require('node:worker_threads');
    new Worker('setInterval(() => {}, 1000)', { eval: true }).once('online', () => {
      const tasks = process.platform === 'linux' ? fs.readdirSync('/proc/self/task').map(Number) : [process.pid];
      const child = execFileSync(process.execPath, ['-p', 'os.getPriority()']).toString().trim();
      console.log('own', os.getPriority(), 'newest thread', os.getPriority(Math.max(...tasks)), 'child', child);
    });`;
  const { lines } = start([{ ...plan('nice', script), niceness: 7 }, plan('even', script)]);
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);
  const own = os.getPriority();
  expect(lines.toSorted()).toEqual([
    `even     │ own ${own} newest thread ${own} child ${own}`,
    'nice     │ own 7 newest thread 7 child 7',
  ]);
});

describe('stop', () => {
  test('lets each child end in its own time, and restarts none', async () => {
    const { supervisor, lines } = start([plan('web', PATIENT), plan('engine', PATIENT)]);
    await expect.poll(() => count(lines, 'up')).toBe(2);
    const pids = [supervisor.pid('web')!, supervisor.pid('engine')!];
    await supervisor.stop();
    expect(pids.map(isAlive)).toEqual([false, false]);
    await expect.poll(() => count(lines, 'goes')).toBe(2);
    expect(count(lines, 'starting it again')).toBe(0);
  });

  test('kills a child that ignores the signal after the grace period', async () => {
    const { supervisor, lines } = start([plan('deaf', STUBBORN), plan('web', PATIENT)], 300);
    await expect.poll(() => count(lines, 'up')).toBe(2);
    const pid = supervisor.pid('deaf')!;
    const began = performance.now();
    await supervisor.stop();
    const waited = performance.now() - began;
    expect(waited).toBeGreaterThan(250);
    expect(waited).toBeLessThan(4000);
    expect(isAlive(pid)).toBe(false);
  });
});

test('a supervisor that is killed takes its children with it', async () => {
  const child = join(root, 'child.cjs');
  const note = join(root, 'pid');
  writeFileSync(
    child,
    `require('node:fs').writeFileSync(${JSON.stringify(note)}, String(process.pid)); setInterval(() => {}, 1000);`,
  );
  const script = `import { supervise } from './core/process/supervise.ts';
    supervise([{ name: 'web', args: [${JSON.stringify(child)}], env: {} }], () => {});`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: 'inherit',
  });
  const exited = once(parent, 'exit');
  await expect.poll(() => existsSync(note) && Number(readFileSync(note, 'utf8')), { timeout: 30_000 }).toBeTruthy();
  const pid = Number(readFileSync(note, 'utf8'));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await exited;
  await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
});

test.each([
  ['a script', ['-e', 'setInterval(() => {}, 1000)']],
  ['a script that only does its work', ['-e', "require('node:http').createServer().listen(0)"]],
])('%s ends if its supervisor is gone before it can check', async (_, args) => {
  const child = spawn(process.execPath, [...LEASH, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  child.disconnect(); // long before the program has loaded
  expect(await exited).toEqual([null, 'SIGTERM']);
});

test('a child that has done its work ends in spite of the leash, as does one that forks', async () => {
  const file = join(root, 'forks.cjs');
  writeFileSync(
    file,
    `const { fork } = require('node:child_process');
    if (process.argv[2]) process.once('message', (text) => setTimeout(() => process.send(text + '!', () => process.exit()), 600));
    else { const child = fork(__filename, ['child']); child.once('message', (text) => console.log(text)); child.send('heard'); }`,
  );
  const child = spawn(process.execPath, [...LEASH, file], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  expect(String((await once(child.stdout!, 'data'))[0])).toBe('heard!\n');
  expect(await exited).toEqual([0, null]);
});

describe('a line', () => {
  test('of unknown origin cannot move the cursor, recolour the terminal or change the writing direction', async () => {
    const { lines } = start([
      plan('web', String.raw`console.log('a\u001b[2J\u009b1mbc\u202ed\te'); setInterval(() => {}, 1000);`),
    ]);
    await expect.poll(() => lines.length).toBe(1);
    expect(lines).toEqual([`${String.raw`web      │ a\u001b[2J\u009b1mbc\u202ed`}\te`]);
    expect(readable(JSON.stringify({ level: 'info', msg: 'x\u001b]0;title\u0007', name: 'y\u001b[31m' }))).not.toMatch(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      /[\u0007]|\u001b[^[]|\u001b\[31m/,
    );
  });

  test('of a library that means nothing to people is left out', async () => {
    const script = `console.error('I0000 00:00:17 port.cc:153] oneDNN'); console.log('ready'); setInterval(() => {}, 1000);`;
    const { lines } = start([{ ...plan('web', script), chatter: /^I0000 / }]);
    await expect.poll(() => lines.length).toBe(1);
    expect(lines[0]).toMatch(/ready$/);
  });

  test('of a late heartbeat is one short sentence, without the query and the stack', () => {
    const cause = new Error('connect ECONNREFUSED', { cause: new Error('x'.repeat(5000)) });
    const written: string[] = [];
    const log = createLogger('trainer', { destination: { write: (line) => written.push(readable(line.trimEnd())) } });
    log.warn({ err: cause }, 'heartbeat not written');
    log.error({ err: new TypeError('a bug') }, 'failed');
    expect(written[0]!.length).toBeLessThan(600);
    expect(written[0]).not.toMatch(/\n| at /);
    // An error in our own code says where it is.
    expect(written[1]).toMatch(/err=a bug at .*supervise\.test/);
  });

  test('has the prefix of its process, whichever stream it came from', async () => {
    const { lines } = start([
      plan('a', "console.log('one\\ntwo'); setInterval(() => {}, 1000);"),
      plan('longer', "console.error('three'); setInterval(() => {}, 1000);"),
    ]);
    await expect.poll(() => lines.length).toBe(3);
    expect(lines.toSorted()).toEqual(['a        │ one', 'a        │ two', 'longer   │ three']);
  });

  test("of the processes' logger is a sentence with its fields, and its level unless that is info", () => {
    const written: string[] = [];
    const log = createLogger('web', {
      level: 'debug',
      destination: { write: (line) => written.push(stripVTControlCharacters(readable(line.trimEnd()))) },
    });
    log.info({ port: 3000, url: 'http://x' }, 'listening');
    log.info({ runId: 'r1' });
    log.debug('more');
    log.warn({ queue: [1, 2] }, 'slow');
    log.error({ err: new AttuneError('CORRUPT', 'a bit is wrong') }, 'failed');
    expect(written.slice(0, 4)).toEqual([
      'listening  port=3000 url=http://x',
      '  runId=r1',
      'debug more',
      'warn slow  queue=[1,2]',
    ]);
    expect(written[4]).toBe('error failed  err=CORRUPT: a bit is wrong');
  });

  test.each(['', ' ready', '{ "half', '[1, 2]'])('from any other source is left unchanged: %j', (line) => {
    expect(readable(line)).toBe(line);
  });
});
