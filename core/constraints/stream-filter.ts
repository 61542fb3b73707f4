// Masks a text that arrives in pieces, in time proportional to its length.
import { type Hit, judge, maskText } from './judge';
import { resolve } from './profanity';
import { compileRules, type RuleSet } from './rules';

/** Replaces a dropped letter just before the kept text, so that the rest of its word does not look like a word. */
const LETTER = '_';
/** Number of windows after which text is dropped even inside a chain of overlapping hits. */
const MOST_WINDOWS = 20;

/**
 * The joined results of push and end equal maskText of the whole text. A character is returned only when enough text
 * follows it that no match and no allowed text that begins there can still be open. A run of equal letters counts once,
 * because the matcher collapses it. Text that no open match reaches back to is dropped, so each push looks at a few
 * dozen runs, however much text came before them.
 */
export class StreamFilter {
  /** The end of the text, as far back as a match may still reach. */
  private buffer = '';
  /** Where each run of equal characters in the buffer begins. */
  private runs: number[] = [];
  /** The character of the last run, as the matcher sees it. */
  private lastCharacter = -1;
  /** First half of a surrogate pair whose second half has not arrived. */
  private half = '';
  /** How much of the buffer was returned. */
  private returned = 0;
  /** Runs that must follow a character before it is returned. */
  private readonly window: number;

  constructor(private readonly rules: RuleSet) {
    // One more for the character that decides a word boundary.
    this.window = Math.max(1, ...compileRules(rules).map(({ compiled }) => compiled.longest)) + 1;
  }

  push(text: string): string {
    this.append(this.half + text);
    return this.take(this.runs[this.runs.length - this.window] ?? 0);
  }

  end(): string {
    this.buffer += this.half;
    this.half = '';
    return this.take(this.buffer.length);
  }

  private append(text: string): void {
    const last = text.charCodeAt(text.length - 1);
    const isHalf = last >= 0xd800 && last <= 0xdbff;
    this.half = isHalf ? text.slice(-1) : '';
    const whole = isHalf ? text.slice(0, -1) : text;
    let at = this.buffer.length;
    for (const character of whole) {
      const resolved = resolve(character.codePointAt(0)!);
      if (resolved !== this.lastCharacter) {
        this.runs.push(at);
        this.lastCharacter = resolved;
      }
      at += character.length;
    }
    this.buffer += whole;
  }

  private take(upTo: number): string {
    if (upTo <= this.returned) return '';
    const { hits } = judge(this.rules, this.buffer);
    const out = maskText(this.buffer, hits).slice(this.returned, upTo);
    this.returned = upTo;
    this.forget(hits);
    return out;
  }

  /** Drops text that no open match, and no allowed text around one, reaches back to. */
  private forget(hits: readonly Hit[]): void {
    let returnedRuns = this.runs.length;
    while (returnedRuns > 0 && this.runs[returnedRuns - 1]! >= this.returned) returnedRuns--;
    const reach = returnedRuns - 2 * this.window;
    // The search for matches starts again at the cut, so no match may cross it.
    const crosses = (at: number) => hits.some(({ start, end }) => start < at && at < end);
    let run = reach;
    while (run > 0 && crosses(this.runs[run]!)) run--;
    if (run <= 0 && reach > MOST_WINDOWS * this.window) run = reach;
    if (run <= 0) return;
    const cut = this.runs[run]!;
    const before = isLetterBefore(this.buffer, cut) ? LETTER : '';
    const shift = cut - before.length;
    this.buffer = before + this.buffer.slice(cut);
    this.returned -= shift;
    this.runs = this.runs.slice(run).map((start) => start - shift);
  }
}

/** Whether the matcher sees a letter or a digit just before this place. */
function isLetterBefore(text: string, at: number): boolean {
  const low = text.charCodeAt(at - 1);
  const isPair = low >= 0xdc00 && low <= 0xdfff && at > 1;
  return /\w/.test(String.fromCodePoint(resolve(text.codePointAt(isPair ? at - 2 : at - 1)!)));
}
