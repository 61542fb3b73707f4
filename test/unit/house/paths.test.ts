// Every path that a document or a comment names exists, and no folder is too full to find a file in.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ROOMS = 'app|server|engine|trainer|core|db|drizzle|product|cli|bench|test|docs|scripts';
/** A path does not follow a letter, dot, slash or scope: that would be part of another path, address or package. */
const SEGMENT = '(?:[\\w.-]+|\\([\\w-]+\\)|\\[+[\\w.]+\\]+)';
const NAMED = new RegExp(`(?<![\\w./@~:-])(?:${ROOMS})(?:/${SEGMENT})+([*<{]?)`, 'g');
const LINK = /\]\((?!https?:|#|mailto:)([^)#\s]+)/g;
/** The name of a source file without its folder. */
const BARE = /(?<![\w./@*<>-])[a-z][\w-]*\.(?:tsx?|mjs)\b(?!\/)/g;
/** Words in capitals are placeholders for a name. */
const PLACEHOLDER = /\b[A-Z]{4,}\b/;

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  .toString()
  .split('\n')
  .filter((file) => existsSync(path.join(ROOT, file)));

const isThere = (named: string) =>
  ['', '.ts', '.tsx', '.test.ts'].some((ending) => existsSync(path.join(ROOT, named + ending)));

const names = new Set(files.map((file) => path.posix.basename(file)));

function missing(text: string): string[] {
  const bare = Array.from(text.matchAll(BARE), ([name]) => name).filter((name) => !names.has(name));
  const paths = Array.from(text.matchAll(NAMED))
    .filter(([, wildcard]) => wildcard === '')
    .map(([named]) => named.replace(/[.-]+$/, ''))
    .filter((named) => !PLACEHOLDER.test(named))
    .filter((named) => !isThere(named));
  return [...paths, ...bare];
}

/** Comment lines and comments after code, without the code. */
const commentsOf = (source: string) =>
  Array.from(source.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm), ([comment]) => comment).join('\n');

const documents = files.filter((file) => file.endsWith('.md'));
const sources = files.filter((file) => /\.(ts|tsx|mjs)$/.test(file));

it.each(documents)('%s names only paths that exist', (file) => {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const links = Array.from(text.matchAll(LINK), ([, target]) => path.posix.join(path.posix.dirname(file), target!));
  expect([...missing(text), ...links.filter((target) => !isThere(target))]).toEqual([]);
});

it('comments name only paths that exist', () => {
  expect(sources.length).toBeGreaterThan(300);
  const found = sources.flatMap((file) =>
    missing(commentsOf(readFileSync(path.join(ROOT, file), 'utf8'))).map((named) => `${file}: ${named}`),
  );
  expect(found).toEqual([]);
});

it.each([
  'See `scripts/gone.ts`.',
  'In trainer/algorithms/ppo.ts, as before',
  'docs/nothing.md',
  'as gone-file.ts does',
])('%j is found', (text) => {
  expect(missing(text)).toHaveLength(1);
});

it('no folder of the trainer, core, engine, server, database, product or commands holds more than sixteen source files', () => {
  const counts = new Map<string, number>();
  for (const file of sources.filter((name) => /^(trainer|core|engine|server|db|product|cli)\//.test(name)))
    counts.set(path.posix.dirname(file), (counts.get(path.posix.dirname(file)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > 16)).toEqual([]);
});
