// Turns an answer's tokens into the text that a person may see: whole characters, up to a stop string, rules applied.
import type { Tokenizer } from '@/core/base/base';
import type { TextRules } from './output-rules';

/** The part of a token that may be shown; the texts of all tokens, joined, are the answer. */
export interface ShownToken {
  /** Its place in the answer. */
  index: number;
  /** Empty for the first parts of a character that ends in a later token. */
  text: string;
  /** A rule hides all or part of it. */
  isMasked: boolean;
  /** A stop string cuts it, so the text is only a part of it. */
  isCut: boolean;
}

/** Holds text back while it may yet be forbidden or the start of a stop string, so that shown text never changes. */
export class AnswerText {
  private readonly decoder: ReturnType<Tokenizer['stream']>;
  private readonly longestStop: number;
  /** Decoded text that may still become a stop string. */
  private held = '';
  /** The text before rules are applied. */
  private raw = '';
  private isStopped = false;
  /** For each token, where its decoded text ends; null for a special one. */
  private readonly tokenEnds: (number | null)[] = [];
  private decodedLength = 0;
  /** What may be shown. */
  visible = '';

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly rules: TextRules,
    private readonly stops: readonly string[],
  ) {
    this.decoder = tokenizer.stream();
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

  /** Releases what was held back; a character that was cut off is left out. */
  end(): void {
    if (!this.isStopped) this.show(this.held);
    this.held = '';
    this.visible += this.rules.end();
  }

  /** Shows what rules have decided since. */
  refresh(): void {
    this.visible += this.rules.take();
  }

  /** Tokens from `from` on whose text is shown in full; after the end, also the token that a stop string cuts. */
  shownTokens(from: number, hasEnded: boolean): ShownToken[] {
    const shown: ShownToken[] = [];
    let start = this.tokenEnds[this.lastTextToken(from)] ?? 0;
    for (let index = from; index < this.tokenEnds.length; index++) {
      const end = this.tokenEnds[index]!;
      if (end === null) continue;
      // A part of a character is shown or hidden together with the whole character.
      const characterEnd = this.endOfCharacter(index, start);
      if (characterEnd > this.visible.length && !(hasEnded && start < this.visible.length)) {
        if (!hasEnded || this.isStopped || Number.isFinite(characterEnd)) break;
        // The character was never finished, so it has no text that a rule could forbid.
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

  /** The end of the first token at or after `index` that has text; infinite while none has any. */
  private endOfCharacter(index: number, start: number): number {
    for (let at = index; at < this.tokenEnds.length; at++) {
      const end = this.tokenEnds[at]!;
      if (end !== null && end > start) return end;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Index of the last token before `before` that is not special; -1 if there is none. */
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
    // Postgres cannot store U+0000.
    const storable = text.replaceAll('\0', '\uFFFD');
    this.raw += storable;
    this.visible += this.rules.push(storable);
  }
}
