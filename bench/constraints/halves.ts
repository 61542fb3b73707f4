// The default rule on the sets from which words were added to its list: on the half that was read for them, and on the other.
import { createHash } from 'node:crypto';
import { type LabelledText, SETS, termsOfProfanityList } from './sets';
import { ruleOf, scoresOf } from './word-rows';

/** Spellings of one term are in one half. */
const isCurated = (id: string) => createHash('sha256').update(id).digest()[0]! % 2 === 0;

export function measureHalves() {
  const isHit = ruleOf('vulgar');
  const idOf = new Map(termsOfProfanityList().map(({ id, text }) => [text, id]));
  const scoreOf = (rows: readonly LabelledText[]) =>
    scoresOf(
      rows,
      rows.map(({ text }) => isHit(text)),
    );
  const halves = ['profanity-list', 'davidson-tweets'].map((set) => {
    const rows = SETS[set]!();
    const inCurated = ({ text }: LabelledText) => isCurated(idOf.get(text) ?? text);
    return [set, { curated: scoreOf(rows.filter(inCurated)), heldOut: scoreOf(rows.filter((row) => !inCurated(row))) }];
  });
  return { halves: Object.fromEntries(halves) };
}
