// Looks for the matches of regular expressions in a text as it comes, in one pass, and holds back only where one may have begun.
import { combineRules } from '../combine';
import type { Scanner, Span, TextRule } from '../scanner';
import { PatternWalk } from './pattern-walk';
import { RecentCharacters } from './recent-characters';
import { BEFORE, type CompiledSearch, type Fold, type PatternSearch } from './search';
import { TaggedAutomaton } from './tagged-automaton';

/** Searches that fold alike read each character once. */
export function searchPatterns(searches: readonly PatternSearch[]): TextRule {
  const byFold = new Map<Fold, CompiledSearch[]>();
  for (const search of searches) {
    const compiled = { ...search, automaton: new TaggedAutomaton(search.program) };
    byFold.set(search.fold, [...(byFold.get(search.fold) ?? []), compiled]);
  }
  const rules = [...byFold].map(([fold, alike]): TextRule => {
    const ascii = Int32Array.from({ length: 128 }, (_, codePoint) => fold(codePoint) ?? PASSED_OVER);
    return { scan: () => new PatternScanner(alike, fold, ascii) };
  });
  return rules.length === 1 ? rules[0]! : combineRules(rules);
}

const PASSED_OVER = -1;

class PatternScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private at = 0;
  private readonly recent: RecentCharacters;
  private readonly walks: PatternWalk[];

  constructor(
    searches: readonly CompiledSearch[],
    private readonly fold: Fold,
    /** What fold gives for each character of ASCII, PASSED_OVER in place of null. */
    private readonly ascii: Int32Array,
  ) {
    const longest = searches.reduce((most, search) => Math.max(most, search.longest), 0);
    this.recent = new RecentCharacters(longest + BEFORE + 1);
    this.walks = searches.map((search) => new PatternWalk(search, this.recent, this.found));
  }

  push(text: string): void {
    const { ascii, recent, walks } = this;
    const from = this.at;
    for (let i = 0; i < text.length; i++) {
      const at = i;
      const unit = text.charCodeAt(i);
      let codePoint = unit;
      let folded: number;
      if (unit < 128) folded = ascii[unit]!;
      else {
        codePoint = text.codePointAt(i)!;
        if (codePoint > 0xffff) i++;
        folded = this.fold(codePoint) ?? PASSED_OVER;
      }
      if (folded === PASSED_OVER) continue;
      for (let walk = 0; walk < walks.length; walk++) walks[walk]!.read(folded);
      recent.add(folded, from + at, codePoint > 0xffff ? 2 : 1);
    }
    this.at = from + text.length;
    this.decided = this.at;
    for (const walk of walks) if (walk.openFrom < this.decided) this.decided = walk.openFrom;
  }

  end(): void {
    for (const walk of this.walks) walk.end();
    this.decided = this.at;
  }
}
