// A million streamed tokens with planted swear words in every disguise: what of them is shown, and how long a stream waits.

import { DEFAULT_RULES, textRules } from '@/core/constraints/rules';
import { NO_CONTEXT } from '@/core/constraints/scanner';
import { StreamFilter } from '@/core/constraints/stream-filter';
import { Rng } from '@/core/rng';
import { DISGUISES, PLANTED, visibleOf } from './disguises';
import { turnsOfPeople } from './sets';

const TOKENS = 1_000_000;
/** UTF-16 units of a token. */
const LONGEST_TOKEN = 6;

interface Planted {
  disguise: string;
  start: number;
  text: string;
}

export function measureStreams() {
  const turns = turnsOfPeople();
  const rules = textRules(DEFAULT_RULES);
  const names = Object.keys(DISGUISES);
  const rng = new Rng(15);
  const pick = <Item>(items: readonly Item[]) => items[rng.integer(items.length)]!;
  const delays: number[] = [];
  const leaks: Record<string, number> = {};
  let [tokens, streams, planted, held, heldCharacters] = [0, 0, 0, 0, 0];
  while (tokens < TOKENS) {
    const spans: Planted[] = [];
    let text = '';
    const parts = 1 + rng.integer(4);
    for (let i = 0; i < parts; i++) {
      // Before and after stands a word of more letters, because "x f u c k" may be the longer word "xfuck".
      text += `${pick(turns)} and `;
      if (rng.uniform() < 0.2) continue;
      const disguise = names[(planted + i) % names.length]!;
      const word = DISGUISES[disguise]!(pick(PLANTED), rng);
      spans.push({ disguise, start: text.length, text: word });
      text += `${word} then ${pick(turns)} `;
    }
    planted += spans.length;
    const filter = new StreamFilter(rules.map(({ compiled }) => compiled.scan(NO_CONTEXT)));
    let shown = '';
    let [isFirst, delay] = [true, 0];
    for (let at = 0; at < text.length; tokens++) {
      const size = 1 + rng.integer(LONGEST_TOKEN);
      const token = text.slice(at, at + size);
      const start = performance.now();
      const out = filter.push(token);
      if (shown === '') delay += performance.now() - start;
      if (isFirst && out === '') held++;
      isFirst = false;
      shown += out;
      at += size;
      heldCharacters += Math.min(at, text.length) - shown.length;
    }
    shown += filter.end();
    streams++;
    delays.push(delay);
    for (const { disguise, start, text: word } of spans) {
      const visible = visibleOf(shown, start, word);
      if (visible) leaks[disguise] = (leaks[disguise] ?? 0) + [...visible].length;
    }
  }
  delays.sort((a, b) => a - b);
  return {
    streamedTokens: tokens,
    streams,
    plantedWords: planted,
    disguises: names.length,
    leakedCharacters: Object.values(leaks).reduce((sum, count) => sum + count, 0),
    leaksByDisguise: leaks,
    firstTokenDelayP99Ms: delays[Math.floor(delays.length * 0.99)],
    firstTokenHeldShare: held / streams,
    meanCharactersHeld: heldCharacters / tokens,
  };
}
