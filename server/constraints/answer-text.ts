// Turns an answer's tokens into the text that a person may see: whole characters, before a stop string, rules applied.
import type { Tokenizer } from '@/core/base/base';
import { type Hit, judge } from '@/core/constraints/judge';
import type { RuleSet } from '@/core/constraints/rules';
import { StreamFilter } from '@/core/constraints/stream-filter';

/** A token as far as it may be shown: the texts of all of them, joined, are the answer. */
export interface ShownToken {
  /** Its place in the answer. */
  index: number;
  /** Empty for the first parts of a character that ends in a later token. */
  text: string;
  /** A rule hides it, or a part of it. */
  isMasked: boolean;
  /** A stop string cuts it, so that the text is a part of it. */
  isCut: boolean;
}

/** Text is held back while it may still turn out forbidden or the beginning of a stop string: what was shown never changes. */
export class AnswerText {
  private readonly decoder: ReturnType<Tokenizer['stream']>;
  private readonly filter: StreamFilter;
  private readonly longestStop: number;
  /** Decoded text that may yet become a stop string. */
  private held = '';
  /** The text without rules applied, as far as the filter has it. */
  private raw = '';
  private isStopped = false;
  /** For each token, where its decoded text ends; null for a special one. */
  private readonly tokenEnds: (number | null)[] = [];
  private decodedLength = 0;
  /** What may be shown. */
  visible = '';

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly rules: RuleSet,
    private readonly stops: readonly string[],
  ) {
    this.decoder = tokenizer.stream();
    this.filter = new StreamFilter(rules);
    this.longestStop = Math.max(0, ...stops.map((stop) => stop.length));
  }

  push(ids: readonly number[]): void {
    let text = '';
    for (const id of ids) {
      const isSpecial = this.tokenizer.isSpecial(id);
      const piece = isSpecial ? '' : this.decoder.push(id);
      text += piece;
      this.decodedLength += piece.length;
      this.tokenEnds.push(isSpecial ? null : this.decodedLength);
    }
    this.append(text);
  }

  /** Releases what was held back; a character that was cut off is no character, and left out. */
  end(): void {
    if (!this.isStopped) this.show(this.held);
    this.held = '';
    this.visible += this.filter.end();
  }

  /** Of the text so far; offsets are those of the visible text, for a mask has the length of what it hides. */
  hits(): Hit[] {
    return judge(this.rules, this.raw).hits;
  }

  /** From the token at `from` on, those whose text is shown in full; after the end, also the one that a stop string cuts. */
  shownTokens(from: number, hasEnded: boolean): ShownToken[] {
    const shown: ShownToken[] = [];
    let start = this.tokenEnds[this.lastTextToken(from)] ?? 0;
    for (let index = from; index < this.tokenEnds.length; index++) {
      const end = this.tokenEnds[index]!;
      if (end === null) continue;
      // A part of a character is shown with the whole, and hidden with it.
      const characterEnd = this.endOfCharacter(index, start);
      if (characterEnd > this.visible.length && !(hasEnded && start < this.visible.length)) {
        if (!hasEnded || this.isStopped || Number.isFinite(characterEnd)) break;
        // The character was never finished: no text of it can be forbidden.
        shown.push({ index, text: '', isMasked: false, isCut: false });
        continue;
      }
      const text = this.visible.slice(start, end);
      const isMasked = this.visible.slice(start, characterEnd) !== this.raw.slice(start, characterEnd);
      shown.push({ index, text, isMasked, isCut: end > this.visible.length });
      start = end;
    }
    return shown;
  }

  /** Where the text of the first token with text ends, from this one on; infinite while none has any. */
  private endOfCharacter(index: number, start: number): number {
    for (let at = index; at < this.tokenEnds.length; at++) {
      const end = this.tokenEnds[at]!;
      if (end !== null && end > start) return end;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Index of the last token before `before` that is not special; -1 where there is none. */
  private lastTextToken(before: number): number {
    let at = before - 1;
    while (at >= 0 && this.tokenEnds[at] === null) at--;
    return at;
  }

  private append(text: string): void {
    if (this.isStopped || text === '') return;
    this.held += text;
    const at = this.stops.map((stop) => this.held.indexOf(stop)).filter((index) => index >= 0);
    if (at.length > 0) {
      this.isStopped = true;
      this.show(this.held.slice(0, Math.min(...at)));
      this.held = '';
      return;
    }
    let keep = Math.min(this.held.length, Math.max(0, this.longestStop - 1));
    while (keep > 0 && !this.stops.some((stop) => stop.startsWith(this.held.slice(-keep)))) keep--;
    this.show(this.held.slice(0, this.held.length - keep));
    this.held = this.held.slice(this.held.length - keep);
  }

  private show(text: string): void {
    // Postgres stores no U+0000.
    const storable = text.replaceAll('\0', '\uFFFD');
    this.raw += storable;
    this.visible += this.filter.push(storable);
  }
}
