// A rule that judges a text by its beginning: all of the text is forbidden, or nothing.
import type { Context, Scanner, Span, TextRule } from './scanner';

export interface WholeTextSearch {
  /** Characters after blanks at the front that the verdict needs; a shorter text is judged at its end. */
  enough: number;
  /** Judges the beginning, without the blanks at the front. */
  isHit(beginning: string, context: Context): boolean;
}

export function searchWhole(search: WholeTextSearch): TextRule {
  return { scan: (context) => new WholeTextScanner(search, context) };
}

class WholeTextScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private at = 0;
  private beginning = '';
  private isJudged = false;

  constructor(
    private readonly search: WholeTextSearch,
    private readonly context: Context,
  ) {}

  push(text: string): void {
    this.at += text.length;
    if (!this.isJudged) {
      this.beginning = (this.beginning + text.slice(0, 4 * this.search.enough)).trimStart();
      // Blanks alone may go on for long.
      if (this.beginning.length < this.search.enough && text.length > 4 * this.search.enough)
        this.beginning = (this.beginning + text.slice(4 * this.search.enough)).trimStart();
      if (this.beginning.length >= this.search.enough) this.judge();
    }
    this.settle();
  }

  end(): void {
    if (!this.isJudged) this.judge();
    this.settle();
  }

  private judge(): void {
    this.isJudged = true;
    if (this.search.isHit(this.beginning.slice(0, this.search.enough), this.context))
      this.found.push({ start: 0, end: this.at });
    this.beginning = '';
  }

  private settle(): void {
    if (!this.isJudged) return;
    const [whole] = this.found;
    if (whole) whole.end = this.at;
    this.decided = this.at;
  }
}
