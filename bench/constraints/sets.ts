// The labelled sets of the constraints' bench: texts, and whether each swears or is toxic by its set's own labels.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FOLDER, readRows } from '@/bench/crowd/sets';
import { Rng } from '@/core/rng';

export interface LabelledText {
  text: string;
  isHit: boolean;
}

export const rowsOf = <Row>(set: string): Row[] => readRows<Row>(join(DATA_FOLDER, set, 'dev.jsonl.gz'));

/** The turns of each dialogue, of the sets in which people chat. */
export const DIALOGUES = {
  'self-dialogue': (): string[][] => rowsOf<{ turns: string[] }>('self-dialogue').map(({ turns }) => turns),
  taskmaster4: (): string[][] =>
    rowsOf<{ turns: { text: string }[] }>('taskmaster4-dialogs').map(({ turns }) => turns.map(({ text }) => text)),
};

export const turnsOfPeople = (): string[] => DIALOGUES['self-dialogue']().flat();

const NEGATIVES = 1000;
const DICTIONARY = '/usr/share/dict/american-english';

/** Lists hold swear words alone: as many turns of people who chat, and words of Debian's list if it is installed, stand against them. */
function withNegatives(swearing: string[]): LabelledText[] {
  const rng = new Rng(15);
  const sample = (texts: string[]) => Array.from({ length: NEGATIVES }, () => texts[rng.integer(texts.length)]!);
  const listed = new Set(swearing.map((word) => word.toLowerCase()));
  const words = existsSync(DICTIONARY) ? readFileSync(DICTIONARY, 'utf8').trim().split('\n') : [];
  const ordinary = words.filter((word) => !listed.has(word.toLowerCase()));
  return [
    ...swearing.map((text) => ({ text, isHit: true })),
    ...[...sample(turnsOfPeople()), ...(ordinary.length > 0 ? sample(ordinary) : [])].map((text) => ({
      text,
      isHit: false,
    })),
  ];
}

/** Each spelling, and the term that it spells. */
export const termsOfProfanityList = () =>
  rowsOf<{ id: string; match: string }>('profanity-list').flatMap(({ id, match }) =>
    match
      .replaceAll('*', '')
      .split('|')
      .map((text) => ({ id, text })),
  );

export const SETS: Record<string, () => LabelledText[]> = {
  'surge-profanity': () => withNegatives(rowsOf<{ text: string }>('surge-profanity').map(({ text }) => text)),
  'ldnoobw-en': () =>
    withNegatives(
      rowsOf<{ lang: string; term: string }>('ldnoobw').flatMap(({ lang, term }) => (lang === 'en' ? term : [])),
    ),
  'profanity-list': () => withNegatives(termsOfProfanityList().map(({ text }) => text)),
  'davidson-tweets': () =>
    rowsOf<{ cls: number; text: string }>('davidson-tweets').map(({ cls, text }) => ({ text, isHit: cls < 2 })),
  'wiki-toxicity': () =>
    rowsOf<{ fuzzed?: boolean; comment?: string; toxic?: boolean }>('wiki-toxicity').flatMap(
      ({ fuzzed, comment, toxic }) =>
        fuzzed === false && comment !== undefined ? { text: comment, isHit: toxic === true } : [],
    ),
};
