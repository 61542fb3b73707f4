// How long what people type may be: the page refuses by the same numbers as the server.

/** UTF-16 units, as `maxlength` and zod's `max` count them. A message has no limit of this kind: it is counted in tokens. */
export const TEXT_LIMITS = { title: 200, search: 200, keyName: 100, reason: 64, comment: 4000 } as const;

/** A text with more bytes than this for each token that fits is not counted: no writing reaches half of it. */
export const MAX_BYTES_PER_TOKEN = 8;
