// The compiled form of every kind of rule: it finds what the rule forbids in a text.

export interface CompiledRule {
  /** Most characters in a match or in a text that allows one; a run of equal letters counts once. */
  longest: number;
  /** Matches as UTF-16 offsets, sorted by start, end exclusive; they may overlap. */
  find(text: string): { start: number; end: number }[];
}
