// Masks a text that arrives in pieces, in time proportional to its length.
import { maskText } from './judge';
import { mergeSpans, type Scanner, type Span } from './scanner';

/**
 * The joined results of push and end equal maskText of the whole text. A character is returned as soon as every rule has
 * decided about it, so text that is no beginning of anything forbidden is not held back. A scanner that decides later,
 * without new text, is asked again by `take`.
 */
export class StreamFilter {
  private readonly readers: { scanner: Scanner; spansSeen: number }[];
  /** Text that was not returned. */
  private buffer = '';
  /** First half of a surrogate pair whose second half has not arrived. */
  private half = '';
  /** How much of the text was returned. */
  private returned = 0;
  /** Spans that cover text that was not returned. */
  private spans: Span[] = [];

  /** Nothing at or after `limit` is returned. */
  constructor(
    scanners: readonly Scanner[],
    private readonly limit: () => number = () => Number.POSITIVE_INFINITY,
  ) {
    this.readers = scanners.map((scanner) => ({ scanner, spansSeen: 0 }));
  }

  push(text: string): string {
    const joined = this.half + text;
    const last = joined.charCodeAt(joined.length - 1);
    const isHalf = last >= 0xd800 && last <= 0xdbff;
    this.half = isHalf ? joined.slice(-1) : '';
    this.read(isHalf ? joined.slice(0, -1) : joined);
    return this.take();
  }

  end(): string {
    if (this.half) this.read(this.half);
    this.half = '';
    for (const { scanner } of this.readers) scanner.end();
    return this.take();
  }

  private read(text: string): void {
    this.buffer += text;
    for (const { scanner } of this.readers) scanner.push(text);
  }

  /** What can be returned now. */
  take(): string {
    let upTo = Math.min(this.limit(), this.returned + this.buffer.length);
    for (const reader of this.readers) {
      const { found, decided } = reader.scanner;
      upTo = Math.min(upTo, decided);
      for (; reader.spansSeen < found.length; reader.spansSeen++) this.spans.push(found[reader.spansSeen]!);
    }
    if (upTo <= this.returned) return '';
    const from = this.returned;
    const text = this.buffer.slice(0, upTo - from);
    const spans = mergeSpans(this.spans).flatMap(({ start, end }) =>
      start < upTo && end > from ? [{ start: Math.max(start - from, 0), end: Math.min(end, upTo) - from }] : [],
    );
    this.buffer = this.buffer.slice(text.length);
    this.returned = upTo;
    // A span that ends here may grow with the next letter.
    this.spans = this.spans.filter(({ end }) => end >= upTo);
    return maskText(text, spans);
  }
}
