// What trust in raters is worth: hostile raters, colluding votes, a minority's taste and false alarms, on real pairs.
//
// Resumable: it stops after --minutes and continues when it is called again. Simulated raters judge HH-harmless dev; a
// linear reward model of the frozen base's kept features learns from them, with the trust code that the product runs. The
// part `kinds` asks what acts of each kind of feedback teach, by the product's likelihood.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureFalseAlarms } from '@/bench/crowd/false-alarms';
import { findSharedData } from '@/bench/experiments/support/shared-data';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import { ARCHETYPES, PROTOCOL } from './raters/crowd';
import { type CellInput, type CellResult, METHODS, runCell } from './raters/hostile';
import {
  hiddenPreference,
  type KindCell,
  type KindWanted,
  kindsInOrder,
  runKindCell,
  summariseKinds,
} from './raters/kinds';
import { type MinorityCell, OVERLAPS, runMinorityCell, summariseMinority } from './raters/minority';
import { foldOf, loadJudgedPairs } from './raters/pairs';
import { LIKINGS, type PromotionTry, runTry, summarisePromotions, TRIES } from './raters/promotion';
import { summariseHostile } from './raters/table';
import { writeResult } from './results';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '600' },
    seeds: { type: 'string', default: '3' },
    /** Which parts to run, separated by commas; all of them are summed up. */
    parts: { type: 'string', default: 'hostile,minority,promotions,kinds' },
  },
});

const FOLDS = 5;
/** In the order in which they are run: those with a target first. */
const SHARES = [0, 0.2, 0.3, 0.1, 0.4];
const SEEDS = Number(options.seeds);

async function main(): Promise<void> {
  const folder = findSharedData('hh-harmless', env.ATTUNE_SHARED);
  if (!folder) {
    console.log('The data set hh-harmless is not on this machine (ATTUNE_SHARED, or ../shared); nothing was run.');
    return;
  }
  const work = path.join(env.dataFolder, 'experiments');
  mkdirSync(work, { recursive: true });
  const deadline = Date.now() + Number(options.minutes) * 60_000;
  const parts = options.parts.split(',');
  const pairs = await loadJudgedPairs(folder, work);
  const folds = foldOf(pairs, FOLDS);
  const places = [...pairs.keys()];
  const sides = (fold: number) => ({
    train: places.filter((place) => folds[place] !== fold),
    test: places.filter((place) => folds[place] === fold),
  });
  /** Runs what is not yet in the file until time is up. */
  async function resume<Wanted extends object, Result extends Wanted>(
    name: string,
    all: readonly Wanted[],
    run: (wanted: Wanted) => Promise<Result>,
    show: (result: Result) => string,
  ): Promise<Result[]> {
    const file = path.join(work, `raters-${name}.jsonl`);
    const done: Result[] = existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];
    const isDone = (wanted: Wanted) =>
      done.some((result) => Object.entries(wanted).every(([key, value]) => result[key as keyof Result] === value));
    for (const wanted of parts.includes(name) ? all : []) {
      if (isDone(wanted)) continue;
      if (Date.now() > deadline) {
        console.log('Out of time: run the same command to resume.');
        break;
      }
      const result = await run(wanted);
      appendFileSync(file, `${JSON.stringify(result)}\n`);
      done.push(result);
      console.log(`${name} ${Object.values(wanted).join(' ')}: ${show(result)}`);
    }
    return done;
  }

  const cells = await resume<Wanted, CellResult>(
    'hostile',
    cellsInOrder(),
    (wanted) => runCell({ pairs, ...sides(wanted.fold), ...wanted }),
    ({ accuracy, weights, seconds }) =>
      `${METHODS.map((method) => `${method} ${(100 * accuracy[method]).toFixed(1)}`).join(', ')}; weights ${weights.honest.toFixed(2)} ${weights.others.toFixed(2)}; ${seconds.toFixed(1)} s`,
  );
  const minority = await resume<{ overlapShare: number; seed: number; fold: number }, MinorityCell>(
    'minority',
    OVERLAPS.flatMap((overlapShare) => grid((seed, fold) => ({ overlapShare, seed, fold }))),
    (wanted) => runMinorityCell({ pairs, ...sides(wanted.fold), ...wanted }),
    ({ found, mistaken, weight }) => `found ${found}, mistaken ${mistaken}, weight ${weight.toFixed(2)}`,
  );
  const promotions = await resume<{ attempt: number; liking: number }, PromotionTry>(
    'promotions',
    LIKINGS.flatMap((liking) => Array.from({ length: TRIES }, (_, attempt) => ({ attempt, liking }))),
    runTry,
    ({ on, off }) => `on ${JSON.stringify(on)}, off ${JSON.stringify(off)}`,
  );
  if (parts.includes('kinds')) await startBackend();
  const hidden = hiddenPreference(pairs);
  const kinds = await resume<KindWanted, KindCell>(
    'kinds',
    kindsInOrder(
      pairs,
      grid((seed, fold) => ({ fold, seed })),
    ),
    async (wanted) => runKindCell(wanted, { pairs, ...sides(wanted.fold), hidden }),
    ({ accuracy }) => (100 * accuracy).toFixed(1),
  );
  const hostile = summariseHostile(cells);
  console.table(hostile.table);
  const { agreement, preference, ...alarms } = measureFalseAlarms();
  await writeResult('raters', {
    data: `hh-harmless dev, ${pairs.length} pairs, ${FOLDS} folds by prompt`,
    protocol: PROTOCOL,
    ...hostile,
    ...(promotions.length && summarisePromotions(promotions)),
    ...(minority.length && summariseMinority(minority)),
    ...(kinds.length && summariseKinds(pairs, kinds)),
    falseAlarms: Math.max(agreement, preference),
    falseAlarmsOf: { ...alarms, agreement, preference },
  });
}

type Wanted = Omit<CellInput, 'pairs' | 'train' | 'test'>;

/** Without trolls every archetype is the same crowd, so that row is computed once. */
function cellsInOrder(): Wanted[] {
  return Array.from({ length: SEEDS }, (_, seed) =>
    SHARES.flatMap((share) =>
      (share === 0 ? ARCHETYPES.slice(0, 1) : ARCHETYPES).flatMap((archetype) =>
        Array.from({ length: FOLDS }, (_, fold) => ({ archetype, share, fold, seed })),
      ),
    ),
  ).flat();
}

const grid = <T>(make: (seed: number, fold: number) => T): T[] =>
  Array.from({ length: SEEDS }, (_, seed) => Array.from({ length: FOLDS }, (_, fold) => make(seed, fold))).flat();

await main();
