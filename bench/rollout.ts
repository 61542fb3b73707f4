// `npm run bench:rollout`: what gates, experiments and canaries let through, and how fast; writes bench/results/rollout.json.
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resultPath, writeResult } from './results';

/** Each part returns fields of the result. */
const PARTS: Record<string, () => Promise<object>> = {};

const { values: options } = parseArgs({
  options: {
    /** Some of the parts; the figures of the others stay as they are. */
    parts: { type: 'string', default: Object.keys(PARTS).join(',') },
  },
});

for (const name of options.parts.split(',')) {
  const part = PARTS[name];
  if (!part) throw new Error(`--parts has ${name}; there are ${Object.keys(PARTS).join(', ')}.`);
  const figures = await part();
  console.log(name, JSON.stringify(figures, null, 2));
  const before = existsSync(resultPath('rollout')) ? JSON.parse(readFileSync(resultPath('rollout'), 'utf8')) : {};
  await writeResult('rollout', { ...before, ...figures });
}
process.exit(0); // engines and databases keep handles
