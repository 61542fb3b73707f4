// Some names may be used in only one place: process.env in env.ts, TRPCError where errors become those of tRPC.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ROOMS = ['app', 'server', 'engine', 'trainer', 'db', 'core', 'product', 'cli'];

const WORDS: [word: RegExp, files: RegExp][] = [
  // Passing the whole environment on to a child process does not read a setting.
  // The samples in the API's reference are programs that other people will run.
  [/(?<!\.\.\.|\benv: )\bprocess\.env\b/, /^[a-z]+\/env\.ts$|^server\/api\/openapi\/samples\.ts$/],
  [/\bTRPCError\b/, /^server\/trpc\.ts$/],
];

/** Reports every word in the wrong file. */
function misplaced(file: string, text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1');
  return WORDS.flatMap(([word, files]) => (word.test(code) && !files.test(file) ? [`${file}: ${word.source}`] : []));
}

const sources = ROOMS.flatMap((room) =>
  readdirSync(path.join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|mjs)$/.test(name))
    .map((name) => `${room}/${name.replaceAll(path.sep, '/')}`),
);

it('no source file reads the environment or names TRPCError outside its place', () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(sources.flatMap((file) => misplaced(file, readFileSync(path.join(ROOT, file), 'utf8')))).toEqual([]);
});

it.each([
  ['trainer/policy/ppo.ts', `const cores = process.env.CORES;`],
  ['product/start.ts', `const { PORT } = process.env;`],
  ['server/services/x.ts', `throw new TRPCError({ code: 'NOT_FOUND' });`],
])('%s with `%s` is reported', (file, text) => {
  expect(misplaced(file, text)).toHaveLength(1);
});

it.each([
  ['trainer/env.ts', `export const env = process.env;`],
  ['trainer/policy/ppo.ts', `// process.env is read in env.ts`],
  ['product/start.ts', `const env = { ...process.env, NODE_ENV: 'production' };`],
  ['db/start.ts', `spawn(command, args, { env: process.env });`],
])('%s with `%s` is allowed', (file, text) => {
  expect(misplaced(file, text)).toEqual([]);
});
