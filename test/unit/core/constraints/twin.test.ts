// The one-pass scanner beside obscenity's RegExpMatcher with the same list: where they differ, the reason is one of a few.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { englishRecommendedTransformers, RegExpMatcher } from 'obscenity';
import { expect, test } from 'vitest';
import { mergeSpans, type Span } from '@/core/constraints/scanner';
import { englishSwearWords } from '@/core/constraints/swear-words';
import { Automaton } from '@/core/constraints/words/automaton';
import { characterOf } from '@/core/constraints/words/characters';
import { expandPattern, plainTexts } from '@/core/constraints/words/patterns';
import { WordScanner } from '@/core/constraints/words/word-scanner';
import { Rng } from '@/core/rng';

const list = englishSwearWords('strict');
const twin = new RegExpMatcher({ ...list, ...englishRecommendedTransformers });
const forbidden = new Automaton(list.blacklistedTerms.flatMap(({ pattern }) => expandPattern(pattern)));
const lists = { forbidden, disguised: forbidden, segmented: [], allowed: plainTexts(list.whitelistedTerms) };

function scannerSpans(text: string): Span[] {
  const scanner = new WordScanner(lists);
  scanner.push(text);
  scanner.end();
  return mergeSpans(scanner.found);
}

const twinSpans = (text: string): Span[] =>
  mergeSpans(twin.getAllMatches(text).map(({ startIndex, endIndex }) => ({ start: startIndex, end: endIndex + 1 })));

const UNDERSCORE = 0x5f;

/** Parts of spans that no other span covers. */
const uncovered = (spans: Span[], others: Span[]) =>
  spans.filter(({ start, end }) => {
    for (let at = start; at < end; at++) if (!others.some((other) => other.start <= at && at < other.end)) return true;
    return false;
  });

/** Why the scanner hits what its twin leaves; null if there is no reason that is known. */
function reasonOf(text: string, { start, end }: Span): string | null {
  const inside = [...text.slice(start, end)].map((character) => characterOf(character.codePointAt(0)!));
  const around = [...text.slice(Math.max(start - 2, 0), start), ...text.slice(end, end + 2)].map((character) =>
    characterOf(character.codePointAt(0)!),
  );
  if (inside.some(({ isHidden }) => isHidden)) return 'a mark hides a letter';
  if (inside.some(({ isInvisible }) => isInvisible)) return 'characters without a width';
  if (inside.some(({ wordClass, isLetter }) => wordClass === 0 && !isLetter)) return 'spelt or joined';
  if ([...inside, ...around].some(({ isAmbiguous, isHidden, isInvisible }) => isAmbiguous || isHidden || isInvisible))
    return 'an edge at a mark that may be a letter';
  const runs = inside.some(({ codePoint }, i) => codePoint === inside[i - 1]?.codePoint);
  if (runs) return 'a letter more than the word has';
  if (inside.some(({ written, letters }) => written > 127 || letters !== null)) return 'look-alikes of our own';
  if (around.some(({ written }) => written === UNDERSCORE)) return 'an underscore as an edge';
  if (around.some(({ wordClass }) => wordClass === 2)) return 'an edge between scripts';
  return null;
}

/** For the twin, characters without a width and ligatures are the edge of a word. */
const isCutByInvisible = (text: string, { start, end }: Span) =>
  [...text.slice(Math.max(start - 2, 0), start), ...text.slice(start, end), ...text.slice(end, end + 2)]
    .map((character) => characterOf(character.codePointAt(0)!))
    .some(({ isInvisible, letters }) => isInvisible || letters !== null);

function compare(texts: Iterable<string>): { agreed: number; more: Record<string, number> } {
  const more: Record<string, number> = {};
  let agreed = 0;
  for (const text of texts) {
    const ours = scannerSpans(text);
    const theirs = twinSpans(text);
    const missed = uncovered(theirs, ours).filter((span) => !isCutByInvisible(text, span));
    expect(missed, `only obscenity hits in ${JSON.stringify(text)}`).toEqual([]);
    agreed += theirs.length;
    for (const span of uncovered(ours, theirs)) {
      const reason = reasonOf(text, span);
      expect(reason, `${JSON.stringify(text.slice(span.start, span.end))} in ${JSON.stringify(text)}`).not.toBeNull();
      more[reason!] = (more[reason!] ?? 0) + 1;
    }
  }
  return { agreed, more };
}

const PARTS = (
  'shit fuck ass bass class cock cockpit dick moby cum cumin tit title rape grape anal sex porn whore slut f*ck sh1t 5hit ' +
  'a55 @ss $ex b!tch fuuuck FUCK fück ｆｕｃｋ ѕhit 🅰ss - . , * _ 日本 x é ss b e g l o tt sshit ! 1 0 s h i t retard negro ' +
  'hooker kike penis vag1na assess snigger \u200b \u0336 ﬁsting 👍 \n'
).split(' ');

test('random texts of swear words, parts of them and look-alikes', () => {
  function* texts() {
    for (let seed = 0; seed < 15_000; seed++) {
      const rng = new Rng(seed);
      const joint = [' ', ' ', '', '. '][rng.integer(4)]!;
      yield Array.from({ length: 1 + rng.integer(8) }, () => PARTS[rng.integer(PARTS.length)]!).join(joint);
    }
  }
  const { agreed, more } = compare(texts());
  expect(agreed).toBeGreaterThan(20_000);
  expect(Object.keys(more).length).toBeGreaterThanOrEqual(5);
});

const SELF_DIALOGUE = path.join(import.meta.dirname, '../../../../../shared/data/self-dialogue/dev.jsonl.gz');

test.skipIf(!existsSync(SELF_DIALOGUE))('20,000 turns of people (skipped where shared/data is absent)', () => {
  const lines = gunzipSync(readFileSync(SELF_DIALOGUE)).toString('utf8').trim().split('\n');
  const turns = lines.flatMap((line) => (JSON.parse(line) as { turns: string[] }).turns).slice(0, 20_000);
  expect(compare(turns).agreed).toBeGreaterThan(5);
});
