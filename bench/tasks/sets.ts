// Reads the real sets of bench:tasks: prompts with two or more completions, and people's decided comparisons of them.
import path from 'node:path';
import { z } from 'zod';
import { hhComparison } from '@/bench/experiments/support/hh-pairs';
import { readJsonLines } from '@/bench/experiments/support/shared-data';
import type { Base } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import type { CompletionGroup } from '@/trainer/model/packing';

export interface Pair {
  /** Place of the prompt in `groups`; all pairs of a prompt are on one side of every split. */
  group: number;
  /** Places of the two completions in that group. */
  chosen: number;
  rejected: number;
}

export interface PairSet {
  /** Each prompt once. */
  groups: CompletionGroup[];
  pairs: Pair[];
}

export type SetName = keyof typeof READERS;

export const SET_NAMES = ['hh-harmless', 'finegrained-qa', 'pandalm-3raters', 'hh-helpful-oasst'] as const satisfies SetName[];

export const readPairSet = (name: SetName, folder: string, base: Base): PairSet =>
  READERS[name](readJsonLines(path.join(folder, 'dev.jsonl.gz')), base);

const READERS = { 'hh-harmless': readHh, 'hh-helpful-oasst': readHh, 'pandalm-3raters': readPanda, 'finegrained-qa': readQa };

function readHh(rows: unknown[], base: Base): PairSet {
  const endId = endOfTurn(base);
  const set = collector();
  for (const row of rows) {
    const pair = hhComparison(row, base, endId);
    if (pair) set.add(pair.promptIds, pair.chosenIds, pair.rejectedIds);
  }
  return set.finished();
}

const PandaRow = z.object({
  instruction: z.string(),
  input: z.string(),
  response1: z.string(),
  response2: z.string(),
  annotator1: z.int(),
  annotator2: z.int(),
  annotator3: z.int(),
});

/** The label is what at least two of three raters say; rows whose majority is a tie, or that have none, are left out. */
function readPanda(rows: unknown[], base: Base): PairSet {
  const encode = encoderOf(base);
  const set = collector();
  for (const row of rows) {
    const { instruction, input, response1, response2, ...votes } = PandaRow.parse(row);
    const count = (vote: number) => Object.values(votes).filter((own) => own === vote).length;
    const [first, second] = [encode.completion(response1), encode.completion(response2)];
    const prompt = encode.prompt(input ? `${instruction}\n\n${input}` : instruction);
    if (count(1) > 1) set.add(prompt, first, second);
    else if (count(2) > 1) set.add(prompt, second, first);
  }
  return set.finished();
}

const QaRow = z.looseObject({ question: z.string(), preference: z.array(z.int()).length(6) });
const QA_PAIRS = [[1, 2], [1, 3], [1, 4], [2, 3], [2, 4], [3, 4]] as const;

/** The prompt is the question alone: the passages are longer than what the reward model reads. */
function readQa(rows: unknown[], base: Base): PairSet {
  const encode = encoderOf(base);
  const set = collector();
  for (const row of rows) {
    const { question, preference, ...rest } = QaRow.parse(row);
    const answer = (at: number) => encode.completion(z.string().parse(rest[`prediction ${at}`]));
    const prompt = encode.prompt(question);
    for (const [i, [a, b]] of QA_PAIRS.entries()) {
      if (preference[i] === 1) set.add(prompt, answer(a), answer(b));
      if (preference[i] === 2) set.add(prompt, answer(b), answer(a));
    }
  }
  return set.finished();
}

function encoderOf(base: Base) {
  const endId = endOfTurn(base);
  return {
    prompt: (text: string) => Int32Array.from(base.renderPrompt([{ role: 'user', content: text }])),
    completion: (text: string) => Int32Array.from([...base.tokenizer.encode(text.trim()), endId]),
  };
}

/** Joins the pairs of one prompt; equal completions of a prompt are one, and a pair of equals is left out. */
function collector() {
  const placeOf = new Map<string, number>();
  const groups: { promptIds: Int32Array; completions: Int32Array[] }[] = [];
  const pairs: Pair[] = [];
  const placeIn = (completions: Int32Array[], ids: Int32Array) => {
    const key = ids.join();
    const at = completions.findIndex((own) => own.join() === key);
    return at < 0 ? completions.push(ids) - 1 : at;
  };
  return {
    add(promptIds: Int32Array, chosen: Int32Array, rejected: Int32Array): void {
      if (chosen.join() === rejected.join()) return;
      const key = promptIds.join();
      const group = placeOf.get(key) ?? groups.push({ promptIds, completions: [] }) - 1;
      placeOf.set(key, group);
      const { completions } = groups[group]!;
      pairs.push({ group, chosen: placeIn(completions, chosen), rejected: placeIn(completions, rejected) });
    },
    finished: (): PairSet => ({ groups, pairs }),
  };
}
