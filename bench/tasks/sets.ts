// Reads the real sets of bench:tasks: prompts with completions, and people's decided judgements of them.
import path from 'node:path';
import { z } from 'zod';
import { hhComparison } from '@/bench/experiments/support/hh-pairs';
import { readJsonLines } from '@/bench/experiments/support/shared-data';
import type { Base } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import type { CompletionGroup } from '@/trainer/model/packing';

export interface Item {
  /** Place of the prompt in `groups`; all items of a prompt are on one side of every split. */
  group: number;
  /** Places in that group of the completion that is better, or good, and of the one that is worse, or bad. */
  plus: number | null;
  minus: number | null;
}

export interface ItemSet {
  /** Each prompt once. */
  groups: CompletionGroup[];
  items: Item[];
}

export type SetName = keyof typeof READERS;

export const SET_NAMES = [
  'hh-harmless',
  'pandalm-3raters',
  'davidson-tweets',
  'surge-toxicity',
  'wiki-toxicity',
] as const satisfies SetName[];

export const readItemSet = (name: SetName, folder: string, base: Base): ItemSet =>
  READERS[name](readJsonLines(path.join(folder, 'dev.jsonl.gz')), base);

const READERS = {
  'hh-harmless': readHh,
  'davidson-tweets': readTweets,
  'pandalm-3raters': readPanda,
  'surge-toxicity': readSocial,
  'wiki-toxicity': readTalk,
};

function readHh(rows: unknown[], base: Base): ItemSet {
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
function readPanda(rows: unknown[], base: Base): ItemSet {
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

/** Texts that are completions of one prompt, which is then read once for all of them. */
const TEXTS_TOGETHER = 16;
const MOST_TEXTS = 1600;
/** In UTF-16 units; few are longer. */
const MOST_OF_A_TEXT = 600;

/** Texts that people judged good or bad by themselves, as answers to one request. */
function textSet(texts: readonly { text: string; isGood: boolean }[], request: string, base: Base): ItemSet {
  const encode = encoderOf(base);
  const promptIds = encode.prompt(request);
  const groups: CompletionGroup[] = [];
  const items: Item[] = [];
  const kept = texts.slice(0, MOST_TEXTS);
  for (let from = 0; from < kept.length; from += TEXTS_TOGETHER) {
    const own = kept.slice(from, from + TEXTS_TOGETHER);
    const completions = own.map(({ text }) => encode.completion(text.slice(0, MOST_OF_A_TEXT)));
    const group = groups.push({ promptIds, completions }) - 1;
    for (const [at, { isGood }] of own.entries())
      items.push({ group, plus: isGood ? at : null, minus: isGood ? null : at });
  }
  return { groups, items };
}

const Tweet = z.looseObject({ text: z.string(), cls: z.int() });

/** Good is what most of three or more raters call neither hateful nor offensive. */
function readTweets(rows: unknown[], base: Base): ItemSet {
  const texts = rows.map((row) => Tweet.parse(row)).map(({ text, cls }) => ({ text, isGood: cls === 2 }));
  return textSet(texts, 'Write a tweet.', base);
}

const TalkComment = z.looseObject({ comment: z.string(), fuzzed: z.boolean(), toxic: z.boolean() });

/** As written, without the copies in which identity terms were exchanged. */
function readTalk(rows: unknown[], base: Base): ItemSet {
  const own = rows.map((row) => TalkComment.parse(row)).filter(({ fuzzed }) => !fuzzed);
  return textSet(
    own.map(({ comment, toxic }) => ({ text: comment, isGood: !toxic })),
    'Write a comment.',
    base,
  );
}

const SocialComment = z.looseObject({ text: z.string(), is_toxic: z.enum(['Toxic', 'Not Toxic']) });

function readSocial(rows: unknown[], base: Base): ItemSet {
  const own = rows.map((row) => SocialComment.parse(row));
  return textSet(
    own.map(({ text, is_toxic }) => ({ text, isGood: is_toxic === 'Not Toxic' })),
    'Write a comment.',
    base,
  );
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
  const items: Item[] = [];
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
      items.push({ group, plus: placeIn(completions, chosen), minus: placeIn(completions, rejected) });
    },
    finished: (): ItemSet => ({ groups, items }),
  };
}
