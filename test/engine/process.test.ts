// The real engine process: killed, refused its socket, unable to start, and left behind by its parent.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { EngineClient } from '@/engine/client';
import { engineEnvironment } from '@/engine/env';
import { type SpawnEngineOptions, type SpawnedEngine, spawnEngine } from '@/engine/spawn';
import { type Answer, answer, expectSame, until, useEngine, world } from './engine-process';

useEngine();
let folder: string;
let options: SpawnEngineOptions;
let engine: SpawnedEngine;
let client: EngineClient;
beforeAll(() => {
  ({ folder, options, engine, client } = world);
});

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the process', () => {
  it('loses and doubles no token when it is killed in mid-answer and restarted', async () => {
    const request = (seed: number) => ({ versionId: seed % 2 ? 'v1' : 'base', sampling: { maxTokens: 900 } });
    const answers: { seed: number; whole: Answer }[] = [];
    for (let seed = 0; seed < 12; seed++) answers.push({ seed, whole: await answer(seed, request(seed)) });
    answers.sort((a, b) => b.whole.ids.length - a.whole.ids.length);
    const longest = answers.slice(0, 4);
    expect(longest[0]!.whole.ids.length).toBeGreaterThan(200);
    const before = await client.status();
    let deaths = 0;
    const kill = (count: number) => {
      // Killed twice: the third process continues after what two earlier ones emitted.
      if ((deaths === 0 && count > 30) || (deaths === 1 && count > 60)) {
        deaths++;
        engine.child().kill('SIGKILL');
      }
    };
    const streamed = await Promise.all(
      longest.map(({ seed }, i) => answer(seed, request(seed), i === 0 ? { onTokens: kill } : {})),
    );
    for (const [i, { whole }] of longest.entries()) expectSame(streamed[i]!, whole);
    expect(deaths).toBe(2);
    expect((await client.status()).startedAt).not.toBe(before.startedAt);
  });

  it('refuses a request that does not fit its queue', async () => {
    const socketPath = path.join(folder, 'small.sock');
    const small = await spawnEngine({ ...options, socketPath, maxRows: 1, maxWaiting: 1 });
    try {
      const results = await Promise.allSettled([1, 2, 3].map((seed) => answer(seed, {}, { by: small.client })));
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'OVERLOADED' });
      // Nothing restarts this engine, so the client does not wait for it to come back.
      const kill = () => void small.child().kill('SIGKILL');
      const lost = answer(1, { sampling: { maxTokens: 900 } }, { by: small.client, onTokens: kill });
      await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /SIGKILL/ });
    } finally {
      await small.close();
    }
  });

  it('does not start while another answers on the same socket', async () => {
    await expect(spawnEngine(options)).rejects.toMatchObject({ code: 'CONFLICT' });
    const second = spawn(process.execPath, ['--import', 'tsx', 'engine/process.ts'], {
      env: engineEnvironment(options),
    });
    const [[message], [code]] = await Promise.all([once(second.stderr, 'data'), once(second, 'exit')]);
    expect(String(message)).toMatch(/CONFLICT: Another engine answers/);
    expect(code).toBe(1);
    expect((await answer(1)).ids.length).toBeGreaterThan(0);
  });

  it('says what is wrong when it cannot start', async () => {
    const broken = {
      ...options,
      modelPath: path.join(folder, 'nothing'),
      socketPath: path.join(folder, 'broken.sock'),
    };
    await expect(spawnEngine(broken)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /no model at/ });
  });

  it('dies with its parent, even if the parent is killed', async () => {
    const child = { ...options, socketPath: path.join(folder, 'orphan.sock') };
    const script = `import { spawnEngine } from './engine/spawn.ts';
      const engine = await spawnEngine(${JSON.stringify(child)});
      console.log((await engine.client.status()).pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    parent.stderr.on('data', (chunk) => process.stderr.write(chunk));
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});

it('a client without an engine gives up after its deadline', async () => {
  const lonely = new EngineClient(path.join(folder, 'nobody.sock'), { deadlineMs: 300 });
  const started = Date.now();
  await expect(lonely.status()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(Date.now() - started).toBeGreaterThanOrEqual(300);
  lonely.close();
});
