// What trust in raters is worth: hostile raters, colluding votes, a minority's taste and false alarms, on real pairs.
//
// Resumable: it stops after --minutes and continues when it is called again. Simulated raters judge HH-harmless dev; a
// linear reward model of the frozen base's kept features learns from them, with the trust code that the product runs.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findSharedData } from '@/bench/experiments/support/shared-data';
import { env } from '@/product/env';
import { ARCHETYPES, PROTOCOL } from './raters/crowd';
import { type CellInput, type CellResult, METHODS, runCell } from './raters/hostile';
import { foldOf, loadJudgedPairs } from './raters/pairs';
import { summariseHostile } from './raters/table';
import { writeResult } from './results';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '600' },
    seeds: { type: 'string', default: '3' },
    /** Runs only cells of this archetype. */
    only: { type: 'string' },
  },
});

const FOLDS = 5;
const SHARES = [0, 0.1, 0.2, 0.3, 0.4];

async function main(): Promise<void> {
  const folder = findSharedData('hh-harmless', env.ATTUNE_SHARED);
  if (!folder) {
    console.log('The data set hh-harmless is not on this machine (ATTUNE_SHARED, or ../shared); nothing was run.');
    return;
  }
  const work = path.join(env.dataFolder, 'experiments');
  mkdirSync(work, { recursive: true });
  const deadline = Date.now() + Number(options.minutes) * 60_000;
  const pairs = await loadJudgedPairs(folder, work);
  const folds = foldOf(pairs, FOLDS);
  const places = [...pairs.keys()];
  const file = path.join(work, 'raters-cells.jsonl');
  const cells: CellResult[] = existsSync(file)
    ? readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
    : [];
  for (const wanted of cellsInOrder()) {
    const { archetype, share, fold, seed } = wanted;
    if (options.only && options.only !== archetype) continue;
    if (cells.some((cell) => isSame(cell, wanted))) continue;
    if (Date.now() > deadline) {
      console.log('Out of time: run the same command to resume.');
      break;
    }
    const train = places.filter((place) => folds[place] !== fold);
    const test = places.filter((place) => folds[place] === fold);
    const cell = await runCell({ pairs, train, test, archetype, share, fold, seed });
    appendFileSync(file, `${JSON.stringify(cell)}\n`);
    cells.push(cell);
    const shown = METHODS.map((method) => `${method} ${(100 * cell.accuracy[method]).toFixed(1)}`).join(', ');
    console.log(
      `${archetype} ${share} fold ${fold} seed ${seed}: ${shown}; weights ${cell.weights.honest.toFixed(2)} ${cell.weights.others.toFixed(2)}; ${cell.seconds.toFixed(1)} s`,
    );
  }
  const hostile = summariseHostile(cells);
  console.table(hostile.table.map(({ archetype, share, ...rest }) => ({ archetype, share, ...rest })));
  await writeResult('raters', { data: `hh-harmless dev, ${pairs.length} pairs, ${FOLDS} folds by prompt`, protocol: PROTOCOL, ...hostile });
}

type Wanted = Omit<CellInput, 'pairs' | 'train' | 'test'>;

/** Without trolls every archetype is the same crowd, so that row is computed once. */
function cellsInOrder(): Wanted[] {
  const cells: Wanted[] = [];
  for (let seed = 0; seed < Number(options.seeds); seed++) {
    for (const share of SHARES) {
      for (const archetype of share === 0 ? ARCHETYPES.slice(0, 1) : ARCHETYPES) {
        for (let fold = 0; fold < FOLDS; fold++) cells.push({ archetype, share, fold, seed });
      }
    }
  }
  return cells;
}

const isSame = (a: Wanted, b: Wanted) =>
  a.archetype === b.archetype && a.share === b.share && a.fold === b.fold && a.seed === b.seed;

await main();
