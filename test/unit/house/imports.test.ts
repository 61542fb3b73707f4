// `npm run imports` fails on each wrong import that is planted, and on none that is right.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { copySources, plant, runScript } from './copy';

const WRONG: [file: string, text: string][] = [
  ['core/planted.ts', `import { getDatabase } from '@/db/client';`],
  ['core/tools.ts', `import { spawnEngine } from '@/test/tiny-llama';`],
  ['db/planted.ts', `import type { Rate } from '@/server/services/views';`],
  ['engine/planted.ts', `import { eq } from 'drizzle-orm';`],
  ['engine/policy.ts', `export { ppo } from '@/trainer/policy/algorithms/ppo';`],
  ['server/services/planted.ts', `import { runTrainer } from '@/trainer/main';`],
  ['server/services/scheduler.ts', `import { Engine } from '@/engine/engine';`],
  ['server/api/planted.ts', `import { getDatabase } from '@/db/client';`],
  ['server/routers/planted.ts', `import { user } from '@/db/schema';`],
  ['server/routers/react.ts', `import pg from 'pg';\nimport * as ort from 'onnxruntime-node';`],
  ['app/planted.tsx', `const { getDatabase } = await import('@/db/client');\nexport { getDatabase };`],
  ['app/chat/planted.tsx', `import { appRouter } from '@/server/routers';`],
  ['trainer/policy/planted.ts', `import {\n  trainingRun,\n} from '@/db/schema';`],
  ['trainer/policy/reward.ts', `import type { RewardModel } from '@/trainer/reward/scorer';`],
  ['trainer/policy/tensors.ts', `import * as tf from '@tensorflow/tfjs';`],
  ['trainer/policy/server.ts', `import type { Product } from '@/server/services/product';`],
  ['trainer/math/planted.ts', `import { tf } from '@/trainer/backend';`],
  ['trainer/model/planted.ts', `import type { Run } from '@/trainer/runs/context';`],
  ['trainer/sampling/planted.ts', `import type { Experience } from '../policy/experience';`],
  ['trainer/gates/planted.ts', `import { learnReward } from '@/trainer/stages/reward';`],
  ['trainer/data/planted.ts', `import { getDatabase } from '@/db/client';`],
  ['trainer/runs/planted.mjs', `import { parseArgs } from '../../cli/attune.ts';`],
  ['core/missing.ts', `import { nothing } from '@/core/not-there';`],
];

const RIGHT: [file: string, text: string][] = [
  ['core/one.ts', `import type { Two } from './two';\nexport interface One { two: Two }`],
  ['core/two.ts', `export interface Two { of: number }`],
  ['trainer/policy/types.ts', `import type { Tensor } from '@tensorflow/tfjs';\nexport type Planted = Tensor;`],
  ['trainer/runs/planted.ts', `import { eq } from 'drizzle-orm';\nimport { trainingRun } from '@/db/schema';`],
  ['app/chat/shape.ts', `import type { AppRouter } from '@/server/routers';\nexport type Planted = AppRouter;`],
  ['server/services/client.ts', `import { EngineClient } from '@/engine/client';\nexport { EngineClient };`],
];

describe('import rules', () => {
  it('are part of `npm run verify`', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(scripts.verify).toContain('npm run imports');
  });

  it('fail on every planted wrong import, including type imports and paths through `..`, and on no right one', () => {
    const folder = copySources();
    for (const [file, text] of [...WRONG, ...RIGHT]) plant(folder, file, `${text}\n`);
    const { status, output } = runScript(folder, 'imports');
    expect(status).not.toBe(0);
    const reported = new Set(Array.from(output.matchAll(/^\s*error [\w-]+: (\S+)/gm), ([, file]) => file));
    expect([...reported].sort()).toEqual(WRONG.map(([file]) => file).sort());
  });

  it('fail on a cycle of types', () => {
    const folder = copySources();
    plant(folder, 'core/one.ts', `import type { Two } from './two';\nexport interface One { two: Two }\n`);
    plant(folder, 'core/two.ts', `import type { One } from './one';\nexport interface Two { one: One }\n`);
    const { status, output } = runScript(folder, 'imports');
    expect(status).not.toBe(0);
    expect(output).toContain('no-cycles: core/one.ts');
  });
});
