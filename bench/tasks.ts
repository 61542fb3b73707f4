// Measures how many votes are saved by asking about the items that teach most: `npm run bench:tasks`.
//
// Sets of real people's judgements. Prompts are split into a pool and a held-out fold; both ways begin with the same few
// votes at random and grow by batches. After each batch the model is fitted anew to the votes asked so far and judged on
// the held-out items. Features, posterior and choice are those with which a run orders the product's rating tasks: one
// logistic regression on 64 directions of the states that the probes read, its prior the likeliest of the probes'. The
// directions are taken from all items without their labels. The aim was set before the curves were seen: the accuracy
// that random choice reaches with half of the pool, less half a point.
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findSharedData } from '@/bench/experiments/support/shared-data';
import { mean, standardDeviation } from '@/bench/experiments/support/spread';
import { ProbeConfig } from '@/core/config/reward';
import { hash32, Rng } from '@/core/rng';
import { TASK_WEIGHTS } from '@/core/tasks/question';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone } from '@/trainer/model/types';
import { projectDifferences } from '@/trainer/reward/tasks/features';
import { resultPath, writeResult } from './results';
import { type CurvePoint, type TaskChart, tasksChart } from './tasks/chart';
import { measureSaving, type SeedCurves, savingSpread } from './tasks/curve';
import { type Item, type ItemSet, readItemSet, SET_NAMES, type SetName } from './tasks/sets';
import { growModel } from './tasks/simulation';
import { readStates, type States } from './tasks/states';

const { values: options } = parseArgs({
  options: {
    /** Separated by commas. */
    sets: { type: 'string', default: SET_NAMES.join() },
    seeds: { type: 'string', default: '6' },
    folds: { type: 'string', default: '5' },
    start: { type: 'string', default: '20' },
    batch: { type: 'string', default: '20' },
  },
});
const [SEEDS, FOLDS, START, BATCH] = ['seeds', 'folds', 'start', 'batch'].map((name) =>
  Number(options[name as keyof typeof options]),
) as [number, number, number, number];
const BELOW = 0.005;
const { precisions } = ProbeConfig.parse({});

async function main(): Promise<void> {
  const { base } = await loadChosenBase();
  await startBackend();
  let backbone: Backbone | undefined;
  const sets = await earlierSets();
  for (const name of SET_NAMES.filter((own) => options.sets.split(',').includes(own))) {
    const folder = findSharedData(name, env.ATTUNE_SHARED);
    if (!folder) {
      console.log(`The data set ${name} is not on this machine (ATTUNE_SHARED, or ../shared); it was left out.`);
      continue;
    }
    const set = readItemSet(name, folder, base);
    const file = path.join(env.dataFolder, 'experiments', `tasks-${name}.f32`);
    const states = readStates(file, set.groups, () => {
      backbone ??= loadBackbone(base);
      return backbone;
    });
    sets[name] = measureSet(name, set, states);
    const votesSaved = Object.fromEntries(Object.entries(sets).map(([own, figures]) => [own, figures.votesSaved]));
    await writeResult('tasks', { votesSaved, weights: TASK_WEIGHTS, sets });
    writeFileSync(path.join('docs', 'votes-saved.svg'), tasksChart(Object.entries(sets).map(chartOf)));
  }
  backbone?.dispose();
}

type SetFigures = ReturnType<typeof measureSet>;

/** Of an earlier run over other sets. */
async function earlierSets(): Promise<Record<string, SetFigures>> {
  const file = resultPath('tasks');
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')).sets : {};
}

function chartOf([name, { points, target, random, chosen, items, splits }]: [string, SetFigures]): TaskChart {
  const title = `${name}: held-out accuracy, ${splits} splits of ${items} items`;
  return { title, points, target, reached: { random, chosen } };
}

function measureSet(name: SetName, set: ItemSet, states: States) {
  const pool = Math.floor((set.items.length * (FOLDS - 1)) / FOLDS);
  const full = Math.floor(pool / 2 / BATCH) * BATCH;
  const budgets = Array.from({ length: (full - START) / BATCH + 1 }, (_, i) => START + i * BATCH);
  const differences = projectDifferences(
    states,
    states.blocks,
    set.items.map((item) => differenceOf(item, states)),
  );
  const seeds = Array.from({ length: SEEDS }, (_, seed) => {
    const curves = growSeed(set, differences, budgets, seed);
    console.log(name, `seed ${seed}`, JSON.stringify(curves));
    return curves;
  });
  const aim = { full, below: BELOW };
  const saving = measureSaving(budgets, seeds, aim);
  const points = budgets.map((votes, i): CurvePoint => {
    const of = (way: keyof SeedCurves) => seeds.map((seed) => seed[way][i]!);
    const error = (values: number[]) => standardDeviation(values) / Math.sqrt(values.length);
    const [random, chosen] = [of('random'), of('chosen')];
    return {
      votes,
      random: mean(random),
      chosen: mean(chosen),
      randomError: error(random),
      chosenError: error(chosen),
    };
  });
  const half = Math.floor(full / 2 / BATCH) * BATCH;
  const figures = {
    items: set.items.length,
    splits: SEEDS,
    folds: FOLDS,
    prompts: set.groups.length,
    ...saving,
    spread: savingSpread(budgets, seeds, aim),
    /** The same at other aims, for the reader to see whether the aim decides. */
    atWholeBudget: measureSaving(budgets, seeds, { full, below: 0 }),
    atHalfBudget: measureSaving(budgets, seeds, { full: half, below: 0 }),
    points,
  };
  console.log(name, JSON.stringify({ ...figures, points: undefined }));
  return figures;
}

const differenceOf = ({ group, plus, minus }: Item, { starts }: States) => ({
  plus: plus === null ? null : starts[group]! + plus,
  minus: minus === null ? null : starts[group]! + minus,
  weight: 1,
});

/** All folds of one split, each item judged once, in the mean. */
function growSeed(set: ItemSet, differences: Float64Array[], budgets: readonly number[], seed: number): SeedCurves {
  const prompts = new Rng(hash32(2030, seed)).shuffle([...set.groups.keys()]);
  const foldOf = new Map(prompts.map((group, i) => [group, i % FOLDS]));
  const right = { random: budgets.map(() => 0), chosen: budgets.map(() => 0) };
  for (let fold = 0; fold < FOLDS; fold++) {
    const places = [...set.items.keys()];
    const isTest = (at: number) => foldOf.get(set.items[at]!.group) === fold;
    const [pool, test] = [places.filter((at) => !isTest(at)), places.filter(isTest)];
    for (const way of ['random', 'chosen'] as const) {
      const growth = { differences, pool, test, budgets, precisions, seed: hash32(seed, fold) };
      for (const [i, share] of growModel(growth, way).entries())
        right[way][i]! += (share * test.length) / set.items.length;
    }
  }
  return right;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
