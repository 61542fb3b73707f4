import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { findSharedData } from '@/bench/experiments/support/shared-data';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { groupSize, fitGroup } from '@/trainer/reward/rows';
import { readPairSet, SET_NAMES } from './sets';
import { readStates } from './states';
async function main() {
  const { base } = await loadChosenBase();
  const names = process.argv[2] === 'count' ? SET_NAMES : SET_NAMES.filter((n) => process.argv.includes(n));
  for (const name of names) {
    const set = readPairSet(name, findSharedData(name, env.ATTUNE_SHARED)!, base);
    console.log(name, set.groups.length, set.pairs.length, set.groups.reduce((s, g) => s + g.completions.length, 0), set.groups.reduce((s, g) => s + groupSize(fitGroup(g, 256)), 0));
    if (process.argv[2] === 'count') continue;
    await startBackend();
    const t = Date.now();
    const s = readStates(path.join(env.dataFolder, 'experiments', `tasks-${name}.f32`), set.groups, () => loadBackbone(base));
    writeFileSync(`/tmp/tasks/${name}.json`, JSON.stringify({ pairs: set.pairs, starts: s.starts, width: s.width, lengths: set.groups.map((g) => g.completions.map((c) => c.length)) }));
    console.log(name, s.values.length, s.width, (Date.now() - t) / 1000);
  }
}
main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
