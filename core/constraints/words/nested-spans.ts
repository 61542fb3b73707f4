// Spans in the order of their ends, asked whether one of them contains another span: by a search, however many there are.
import type { Span } from '../scanner';

export class NestedSpans {
  /** Those that no other contains: their starts rise with their ends. */
  private spans: Span[] = [];

  /** Its end is not before that of any other. */
  add(span: Span): void {
    while (this.spans.length > 0 && this.spans.at(-1)!.start >= span.start) this.spans.pop();
    this.spans.push(span);
  }

  contain({ start, end }: Span): boolean {
    let [low, high] = [0, this.spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.spans[middle]!.start <= start) low = middle + 1;
      else high = middle;
    }
    return low > 0 && this.spans[low - 1]!.end >= end;
  }

  /** Drops what ends at or before a place. */
  forget(before: number): void {
    let past = 0;
    while (past < this.spans.length && this.spans[past]!.end <= before) past++;
    if (past > 0) this.spans.splice(0, past);
  }
}
