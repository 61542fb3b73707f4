// What every kind of rule turns into: something that finds what it forbids in a text.

/** A rule made ready to look at texts. */
export interface CompiledRule {
  /** No match, and no text that allows one, has more characters, runs of like letters counted once. */
  longest: number;
  /** UTF-16 offsets by start, end exclusive; they may overlap. */
  find(text: string): { start: number; end: number }[];
}
