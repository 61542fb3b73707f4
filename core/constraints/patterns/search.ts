// What a search for a regular expression consists of, and what its check is told of a match.
import type { Span } from '../scanner';
import type { Program } from './program';
import type { TaggedAutomaton } from './tagged-automaton';

/** The code point that one counts as; null if it is passed over, as what has no width. */
export type Fold = (codePoint: number) => number | null;

export interface PatternSearch {
  program: Program;
  /** Visible characters of the longest match. Of a longer one, only the last so many are found. */
  longest: number;
  fold: Fold;
  /** Narrows a match to what is certainly forbidden, or refuses it with null. Without it every match is a hit. */
  check?(match: Match): Span | null;
}

export interface Match {
  /** The matched text, folded. A check answers with offsets within it. */
  text: string;
  /** Up to BEFORE characters that precede it, folded. */
  before: string;
}

/** How much of the text before a match may say what the match is. */
export const BEFORE = 48;

/** A search and the automaton that its scanners share. */
export interface CompiledSearch extends PatternSearch {
  automaton: TaggedAutomaton;
}
