// Turns a count of tokens into advice for a person: about how many characters to remove.

export interface Counted {
  text: string;
  tokens: number;
  /** The most tokens that fit. */
  limit: number;
}

/** Bytes of UTF-8 per token, assumed for a text that is too long to count. */
const BYTES_PER_TOKEN = 4;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/** A token holds at least one byte, so a text with fewer bytes than tokens fit needs no counting. */
export const isSurelyShort = (text: string, limit: number): boolean =>
  // A UTF-16 unit has at most three bytes.
  text.length * 3 <= limit || (text.length <= limit && bytesOf(text) <= limit);

export const assumeTokens = (text: string): number => bytesOf(text) / BYTES_PER_TOKEN;

/** Rounded up to three digits; 0 for a text that fits. Text changed since the count is assumed to be as dense. */
export function excessOf(text: string, counted: Counted): number {
  const tokens = (counted.tokens * text.length) / counted.text.length;
  if (tokens <= counted.limit) return 0;
  const excess = (text.length * (tokens - counted.limit)) / tokens;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(excess)) - 2);
  return Math.ceil(excess / step) * step;
}
