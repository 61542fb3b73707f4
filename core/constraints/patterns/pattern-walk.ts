// One search's walk over the characters of a text: its state, and where each open match began.
import type { Span } from '../scanner';
import type { RecentCharacters } from './recent-characters';
import { BEFORE, type CompiledSearch, type Match } from './search';
import { END, NEW, type State, type TaggedAutomaton } from './tagged-automaton';

export class PatternWalk {
  private readonly automaton: TaggedAutomaton;
  private state: State;
  /** For each open match, the number of the character with which it began. */
  private starts: number[] = [];
  /** Exchanged with `starts` at each step, so that a step makes no array. */
  private spare: number[] = [];
  private open = 0;
  private last: Span | null = null;

  constructor(
    private readonly search: CompiledSearch,
    private readonly recent: RecentCharacters,
    private readonly found: Span[],
  ) {
    this.automaton = search.automaton;
    this.state = this.automaton.start;
  }

  /** Reads a character before it is added to the recent ones. */
  read(codePoint: number): void {
    this.step(this.automaton.symbolOf(codePoint));
  }

  end(): void {
    this.step(END);
  }

  /** Where the first open match began; infinite if there is none. */
  get openFrom(): number {
    return this.open > 0 ? this.recent.beginOf(this.clamp(this.starts[0]!)) : Number.POSITIVE_INFINITY;
  }

  private clamp(start: number): number {
    return Math.max(start, this.recent.count - this.search.longest);
  }

  private step(symbol: number): void {
    const { to, from, ended } = this.state.steps[symbol] ?? this.automaton.step(this.state, symbol);
    this.state = to;
    for (let i = 0; i < ended.length; i++) this.accept(this.clamp(this.starts[ended[i]!]!));
    this.open = from.length;
    if (this.open === 0) return;
    const { starts, spare } = this;
    for (let i = 0; i < from.length; i++) {
      const match = from[i]!;
      spare[i] = match === NEW ? this.recent.count : starts[match]!;
    }
    this.starts = spare;
    this.spare = starts;
  }

  /** Takes the match from a character up to the last one. */
  private accept(first: number): void {
    const { recent, search } = this;
    const part = search.check ? this.narrow(first, search.check) : { start: first, end: recent.count };
    if (!part) return;
    const start = recent.beginOf(part.start);
    const end = recent.endOf(part.end - 1);
    if (this.last?.start === start) this.last.end = Math.max(this.last.end, end);
    else {
      this.last = { start, end };
      this.found.push(this.last);
    }
  }

  /** The characters that a check finds forbidden. It counts UTF-16 units of the folded text. */
  private narrow(first: number, check: (match: Match) => Span | null): Span | null {
    const { recent } = this;
    const part = check({ text: recent.textOf(first, recent.count), before: recent.textOf(first - BEFORE, first) });
    if (!part) return null;
    let unit = 0;
    let start = recent.count;
    let end = first;
    for (let character = first; character < recent.count && unit < part.end; character++) {
      if (unit >= part.start) start = Math.min(start, character);
      unit += recent.codePointOf(character) > 0xffff ? 2 : 1;
      end = character + 1;
    }
    return start < end ? { start, end } : null;
  }
}
