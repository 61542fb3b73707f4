// `npm run bench:rollout`: what gates, experiments and canaries let through, and how fast; writes bench/results/rollout.json.
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resultPath, writeResult } from './results';
import { measureInterleaved } from './rollout/interleaved';
import { measureKills } from './rollout/kills';
import { measurePeeking } from './rollout/peeking';
import { measurePlanted } from './rollout/planted';
import { measureRollback } from './rollout/rollback';
import { measureScale } from './rollout/scale';
import { measureSticky } from './rollout/sticky';

/** Each part returns fields of the result. */
const PARTS: Record<string, () => Promise<object>> = {
  planted: measurePlanted,
  peeking: measurePeeking,
  interleaved: measureInterleaved,
  kills: () => measureKills(),
  rollback: measureRollback,
  sticky: measureSticky,
  scale: () => measureScale(Number(options.share)),
};

const { values: options } = parseArgs({
  options: {
    /** Some of the parts; the figures of the others stay as they are. */
    parts: { type: 'string', default: Object.keys(PARTS).join(',') },
    /** For `scale`: a share of its ten million answers and a million votes. */
    share: { type: 'string', default: '1' },
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
