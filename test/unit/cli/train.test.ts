// `attune train` refuses unusable data before TensorFlow is loaded, and a folder in which another process trains.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '@/cli/commands/train';
import { lockFolder } from '@/core/process/folder-lock';
import { writeTinyLlama } from '@/test/tiny-llama';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-train-'));
  await writeTinyLlama(join(folder, 'model'), { seed: 1 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function train(lines: object[], ...options: string[]): Promise<number> {
  const data = join(folder, 'data.jsonl');
  await writeFile(data, lines.map((line) => JSON.stringify(line)).join('\n'));
  const out = join(folder, 'out');
  return run(['--data', data, '--out', out, '--model', join(folder, 'model'), '--preset', 'tiny', ...options]);
}
const pairs = (prompts: number) =>
  Array.from({ length: 24 }, (_, i) => ({ prompt: `Q${i % prompts}?`, chosen: `Good ${i}`, rejected: `Bad ${i}` }));

it('a data set that the gates cannot judge is refused with what is needed, and leaves no run behind', async () => {
  await expect(train(pairs(1))).rejects.toThrow(/^24 pairs for 1 prompt: collect votes on at least 4 prompts/);
  const long = pairs(24).map((pair) => ({ ...pair, prompt: 'very long '.repeat(300) }));
  await expect(train(long)).rejects.toThrow(/no row can be used\. Left out: 24 rows too long .* at most 1024 tokens\./);
  expect(existsSync(join(folder, 'out'))).toBe(false);
});

it('a misspelt setting is refused with the name that was meant', async () => {
  const config = JSON.stringify({ ppo: { iteratoins: 2 }, rewardmodel: { epochs: 1 } });
  await expect(train(pairs(8), '--config', config)).rejects.toThrow(
    /"iteratoins".*"iterations".*"rewardmodel".*"rewardModel"/,
  );
  for (const seed of ['', '1.5', 'one'])
    await expect(train(pairs(8), '--seed', seed)).rejects.toThrow(/--seed is a whole number/);
});

it('a folder in which another process trains is refused with its id; a dead process’s lock is taken over', async () => {
  const out = join(folder, 'out');
  const lock = await lockFolder(join(out, 'lock'), () => new Error('never'));
  await expect(train(pairs(8))).rejects.toThrow(`Process ${process.pid} is training in ${out}`);
  lock.release();
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  await writeFile(
    join(out, 'lock.0123456789ab'),
    JSON.stringify({ pid: dead.pid, started: null, host: (await import('node:os')).hostname() }),
  );
  // The run gets past the lock and fails only at the missing parent.
  await expect(train(pairs(8), '--parent', join(folder, 'none'))).rejects.toThrow(/none/);
});
