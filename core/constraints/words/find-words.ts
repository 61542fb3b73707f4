// A rule on text that forbids words and phrases as a whole, each found as its script asks.
import type { TextRule } from '../scanner';
import { Automaton, type Pattern } from './automaton';
import { plainTexts, segmentedWord, segmentingLanguage, wholeWord } from './patterns';
import { WordScanner } from './word-scanner';

export interface ForbiddenWords {
  words: readonly string[];
  /** Beside them. */
  patterns?: readonly Pattern[];
  /** Texts within which nothing is forbidden. */
  allow: readonly string[];
  /** The language of words that have Chinese characters alone. */
  han?: 'ja' | 'zh';
}

export function findWords({ words, patterns = [], allow, han = 'ja' }: ForbiddenWords): TextRule {
  const whole = [...patterns];
  const bySegmenter = new Map<string, Pattern[]>();
  for (const word of words) {
    const language = segmentingLanguage(word, han);
    if (language === null) whole.push(...wholeWord(word));
    else bySegmenter.set(language, [...(bySegmenter.get(language) ?? []), ...segmentedWord(word)]);
  }
  const forbidden = new Automaton(whole);
  const lists = {
    forbidden,
    disguised: bySegmenter.size === 0 ? forbidden : new Automaton([...whole, ...[...bySegmenter.values()].flat()]),
    segmented: [...bySegmenter].map(([language, patterns]) => ({ language, words: new Automaton(patterns) })),
    allowed: plainTexts(allow),
  };
  return { scan: () => new WordScanner(lists) };
}
