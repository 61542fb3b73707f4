// Turns a count of tokens into what a person can act on: about how many characters to take away.

export interface Counted {
  text: string;
  tokens: number;
  /** The most tokens that fit. */
  limit: number;
}

/** Bytes of UTF-8 in a token, about: what a text that is too long to be counted is taken to have. */
const BYTES_PER_TOKEN = 4;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/** A token holds at least one byte, so a text with fewer bytes than tokens fit needs no counting. */
export const isSurelyShort = (text: string, limit: number): boolean =>
  // A UTF-16 unit has at most three bytes.
  text.length * 3 <= limit || (text.length <= limit && bytesOf(text) <= limit);

export const assumeTokens = (text: string): number => bytesOf(text) / BYTES_PER_TOKEN;

/** Rounded up to three digits; 0 for a text that fits. A text that has changed since is taken to be as dense as it was. */
export function excessOf(text: string, counted: Counted): number {
  const tokens = (counted.tokens * text.length) / counted.text.length;
  if (tokens <= counted.limit) return 0;
  const excess = (text.length * (tokens - counted.limit)) / tokens;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(excess)) - 2);
  return Math.ceil(excess / step) * step;
}
