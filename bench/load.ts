// `npm run bench:load`: asks over HTTP with more clients at each level; measures speed, errors and mixed-up streams.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { quantile } from 'simple-statistics';
import { resultPath } from '@/bench/results';
import { loadBase } from '@/core/base/load-base';
import { AttuneError } from '@/core/errors';
import { closeDatabase, getDatabase } from '@/db/client';
import { startProduct } from '@/product/bring-up';
import { env } from '@/product/env';
import { checkMixing } from './load/check';
import { type Asked, ask } from './load/client';
import { createApi, signInByLink, signUp } from './simulate/client';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '1,8,32,64' }, // levels, one after the other
    minutes: { type: 'string', default: '1' }, // for all levels together
    'max-tokens': { type: 'string', default: '48' },
    out: { type: 'string', default: resultPath('load') },
  },
});

/** Fewer than the maximum for one person. */
const KEYS = 8;
const UNLIMITED = { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000, concurrent: 1000 };

const round = (value: number) => Math.round(value * 10) / 10;
const quantiles = (values: number[]) => {
  const of = (q: number) => (values.length ? round(quantile(values, q)) : null);
  return { p50: of(0.5), p95: of(0.95), p99: of(0.99), n: values.length };
};

async function runLevel(url: string, keys: string[], clients: number, seconds: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  const deadline = performance.now() + seconds * 1000;
  const client = async (index: number) => {
    for (let turn = 0; performance.now() < deadline; turn++) {
      const nonce = `zq${randomBytes(4).toString('hex')}`;
      asked.push(await ask(url, keys[index % keys.length]!, nonce, index + turn, Number(options['max-tokens'])));
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  return asked;
}

function figuresOf(clients: number, seconds: number, asked: Asked[]) {
  const answers = asked.flatMap(({ answer }) => (answer ? [answer] : []));
  const errors: Record<string, number> = {};
  for (const { status, answer } of asked) if (!answer) errors[status] = (errors[status] ?? 0) + 1;
  return {
    clients,
    seconds: round(seconds),
    requests: asked.length,
    answered: answers.length,
    tokensPerSecond: round(answers.reduce((sum, { completionTokens }) => sum + completionTokens, 0) / seconds),
    firstTokenMs: quantiles(answers.map(({ firstTokenMs }) => firstTokenMs)),
    /** Time between two pieces of text as the client reads them. */
    betweenPiecesMs: quantiles(answers.flatMap(({ betweenMs }) => betweenMs)),
    /** An answer's mean time from token to token. */
    perTokenMs: quantiles(answers.map(({ perTokenMs }) => perTokenMs)),
    errors,
  };
}

/** Resident memory of a process on this machine, in MiB; null if the system does not report it. */
async function residentMiB(pid: number | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  return kib ? Math.round(Number(kib) / 1024) : null;
}

async function main(): Promise<void> {
  const levels = options.clients.split(',').map(Number);
  const bad = levels.find((clients) => !Number.isInteger(clients) || clients < 1);
  if (bad !== undefined)
    throw new AttuneError('BAD_INPUT', `--clients ${options.clients}: give whole numbers with commas, such as 1,64.`);
  const secondsEach = (Number(options.minutes) * 60) / levels.length;
  const dataFolder = join(env.dataFolder, 'load');
  await rm(dataFolder, { recursive: true, force: true });
  const log: string[] = [];
  const product = await startProduct({
    dataFolder,
    sharedFolder: env.dataFolder,
    port: 0,
    model: env.ATTUNE_MODEL,
    trainer: 'none',
    threads: env.ATTUNE_ENGINE_THREADS,
    write: (line) => log.push(line),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void product.stop().then(() => process.exit(130)));
  const url = product.url.replace('localhost', '127.0.0.1');
  try {
    const api = createApi(product.url, await signInByLink((await product.adminLink())!));
    await api.admin.setSettings.mutate({ limits: { user: UNLIMITED, apiKey: UNLIMITED } });
    // One account gets at most half of the queue.
    const emails = ['one@load.example', 'two@load.example', 'three@load.example'];
    const owners = await Promise.all(
      emails.map(async (email) => createApi(product.url, await signUp(product.url, email))),
    );
    const keys = await Promise.all(
      Array.from({ length: KEYS }, async (_, index) => {
        const owner = owners[index % owners.length]!;
        return (await owner.apiKey.create.mutate({ name: `load ${index}`, allowTraining: false })).secret;
      }),
    );
    await ask(url, keys[0]!, 'zq00000000', 0, 8); // the first answer waits for pages and weights
    const memory = async () => ({
      web: await residentMiB(product.supervisor.pid('web')),
      engine: await residentMiB(product.supervisor.pid('engine')),
    });
    const before = await memory();
    const all: Asked[] = [];
    const figures = [];
    for (const clients of levels) {
      const startedAt = performance.now();
      const asked = await runLevel(url, keys, clients, secondsEach);
      figures.push(figuresOf(clients, (performance.now() - startedAt) / 1000, asked));
      all.push(...asked);
      console.log(lineOf(figures.at(-1)!));
    }
    const after = await memory();
    const base = await loadBase(product.modelPath);
    const mixing = await checkMixing(getDatabase(product.databaseUrl), base.tokenizer, all);
    const result = {
      base: base.id,
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      threads: env.ATTUNE_ENGINE_THREADS,
      maxTokens: Number(options['max-tokens']),
      levels: figures,
      mixing,
      residentMiB: { before, after },
    };
    await mkdir(dirname(options.out), { recursive: true });
    await writeFile(options.out, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`  mixed-up streams ${mixing.mixed} of ${mixing.checked}, shared generations ${mixing.shared},`);
    console.log(`  exact repeats of the nonce ${((100 * mixing.repeated) / Math.max(1, mixing.checked)).toFixed(1)} %`);
    console.log(`  memory in MiB: ${JSON.stringify(result.residentMiB)}; written to ${options.out}`);
  } catch (error) {
    console.error(log.slice(-40).join('\n'));
    throw error;
  } finally {
    await closeDatabase(product.databaseUrl);
    await product.stop();
    await rm(dataFolder, { recursive: true, force: true });
  }
}

const lineOf = (level: ReturnType<typeof figuresOf>) =>
  `  ${String(level.clients).padStart(3)} clients  ${level.tokensPerSecond} tokens/s, ${level.answered} answers; ` +
  `first token p50/p95/p99 ${Object.values(level.firstTokenMs).slice(0, 3).join('/')} ms, ` +
  `between pieces ${Object.values(level.betweenPiecesMs).slice(0, 3).join('/')} ms, ` +
  `a token ${Object.values(level.perTokenMs).slice(0, 3).join('/')} ms; errors ${JSON.stringify(level.errors)}`;

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error('The load test failed:', error instanceof AttuneError ? error.message : error);
    process.exit(1);
  },
);
