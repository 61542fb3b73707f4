// Limits the length of what people type: the page and the server refuse by the same numbers.

/**
 * In UTF-16 units, as `maxlength` and zod's `max` count them. Messages have no such limit: they are counted in tokens.
 */
export const TEXT_LIMITS = {
  title: 200,
  search: 200,
  keyName: 100,
  personName: 100,
  experimentName: 200,
  systemPrompt: 8000,
  reason: 64,
  comment: 4000,
  password: 128,
} as const;
export const MAX_REASONS = 12;
export const MIN_PASSWORD = 8;

/** A text with more bytes than this per token that fits is refused uncounted: no script reaches half of this. */
export const MAX_BYTES_PER_TOKEN = 8;
