// Rules with custom words, and streams of texts cut at random, for the tests of rules.
import { RuleSet } from '@/core/constraints/rules';
import type { Rng } from '@/core/rng';
import { filterOf } from '@/test/rules-support';

export const CUSTOM_RULES = RuleSet.parse({
  version: 2,
  rules: [
    { id: 'profanity', kind: 'profanity', allow: ['Cocktail Hour'], cost: 2 },
    { id: 'brand', kind: 'profanity', languages: [], words: ['Pizzazz', 'over there'], cost: 0.5 },
  ],
});

/** What a person sees of a text that arrives in these pieces. */
export function streamed(rules: RuleSet, pieces: string[]): string {
  const filter = filterOf(rules);
  return pieces.map((piece) => filter.push(piece)).join('') + filter.end();
}

/** Cuts a text into pieces of at most this many UTF-16 units. */
export function splitAtRandom(text: string, rng: Rng, longest: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const size = 1 + rng.integer(longest);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}
