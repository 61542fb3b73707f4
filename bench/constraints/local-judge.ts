// How the product's own local judge fares on real pairs that people have judged: the figures that decide whether it may label.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readRows } from '@/bench/crowd/sets';
import { parseDialogue } from '@/bench/experiments/support/hh-pairs';
import { findSharedData } from '@/bench/experiments/support/shared-data';
import { FIRST_PRINCIPLES, principlesFor } from '@/core/judging/constitution';
import { faultsOf, type MeasuredPair, measureJudge } from '@/core/judging/figures';
import { Rng } from '@/core/rng';
import { spawnEngine } from '@/engine/spawn';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { createLocalReader } from '@/server/services/judge/local';
import { compareBothOrders, type Pair, unlessTooLong } from '@/server/services/judge/reader';

const PAIRS = 120;
const REPEATED = 30;
const MAX_CONTEXT = 2048;

interface HumanPair extends Pair {
  people: 1 | -1;
}

const READERS: Record<string, (file: string) => HumanPair[]> = {
  'hh-harmless': (file) =>
    readRows<{ chosen: string; rejected: string }>(file).flatMap((row, at) => {
      const [chosen, rejected] = [parseDialogue(row.chosen), parseDialogue(row.rejected)];
      const [better, worse] = [chosen.at(-1)?.content, rejected.at(-1)?.content];
      if (!better || !worse || better === worse) return [];
      const dialogue = chosen.slice(0, -1);
      const isLeft = at % 2 === 0;
      return [{ dialogue, left: isLeft ? better : worse, right: isLeft ? worse : better, people: isLeft ? 1 : -1 }];
    }),
  // Three people a pair: only those on which two or more favour one side.
  'pandalm-3raters': (file) =>
    readRows<Record<string, string> & Record<`annotator${1 | 2 | 3}`, 0 | 1 | 2>>(file).flatMap((row) => {
      const votes = [row.annotator1, row.annotator2, row.annotator3];
      const lean = votes.filter((vote) => vote === 1).length - votes.filter((vote) => vote === 2).length;
      const [left, right] = [row.response1!, row.response2!];
      if (Math.abs(lean) < 2 || left === '' || right === '') return [];
      const content = [row.instruction, row.input].filter(Boolean).join('\n\n');
      return [{ dialogue: [{ role: 'user', content }], left, right, people: lean > 0 ? 1 : -1 }];
    }),
};

/** By set; those that are not on this machine are left out. */
export async function measureLocalJudge() {
  const { base, modelPath } = await loadChosenBase();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'attune-judge-'));
  const engine = await spawnEngine({
    ...{ modelPath, artifacts: folder, cache: path.join(env.dataFolder, 'cache') },
    ...{ socketPath: path.join(folder, 'engine.sock'), threads: env.ATTUNE_ENGINE_THREADS, maxContext: MAX_CONTEXT },
  });
  const reader = createLocalReader({ base, engine: engine.client, maxContext: MAX_CONTEXT });
  const principles = principlesFor(FIRST_PRINCIPLES, 'comparison');
  const { signal } = new AbortController();
  try {
    const figures: Record<string, object> = {};
    for (const [set, read] of Object.entries(READERS)) {
      const data = findSharedData(set, env.ATTUNE_SHARED);
      if (!data) {
        console.log(`${set} is not on this machine and is left out.`);
        continue;
      }
      const pairs = new Rng(15).shuffle(read(path.join(data, 'dev.jsonl.gz'))).slice(0, PAIRS);
      const measured: MeasuredPair[] = [];
      for (const [at, pair] of pairs.entries()) {
        const ask = () => unlessTooLong(compareBothOrders(reader, principles, pair, signal));
        const orders = await ask();
        if (orders === null || orders === 'too_long') continue;
        const repeat = at < REPEATED ? await ask() : null;
        const lengthRatio = Math.log(Math.max(1, pair.left.length) / Math.max(1, pair.right.length));
        measured.push({ orders, repeat: repeat === 'too_long' ? null : repeat, people: pair.people, lengthRatio });
        if (at % 20 === 0) console.log(`${set}: pair ${at} of ${pairs.length}`);
      }
      const found = measureJudge(measured);
      figures[set] = { ...found, tooLong: pairs.length - measured.length, keptFromLabelling: faultsOf(found) };
    }
    return figures;
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}
