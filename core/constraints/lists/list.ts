// Reads a list of words and phrases that is written as one text.

/** Separated by commas. */
export const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((term) => term.trim())
    .filter((term) => term !== '');
