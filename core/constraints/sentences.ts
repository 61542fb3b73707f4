// Cuts a text that arrives in pieces into sentences, in the same places however the pieces were cut.

/** A longer sentence is judged in parts, so that a text without an end of sentence is not held back forever. */
export const MOST_SENTENCE = 400;

/** A mark of the end with closing quotes, and the space after it; Chinese and Japanese marks need no space. */
const END = /(?:[.!?…]+["'”’»)\]]*(?=\s)|[。！？｡]+[」』”’）]*|\n)\s*/u;

/** Where the sentence that begins at `from` ends; null while that is not decided. */
export function sentenceEnd(text: string, from: number): number | null {
  const window = text.slice(from, from + MOST_SENTENCE + 1);
  const found = END.exec(window);
  const end = found ? found.index + found[0].length : window.length;
  // What follows the mark may still belong to it.
  if (end < window.length) return from + end;
  if (window.length <= MOST_SENTENCE) return null;
  const blank = window.lastIndexOf(' ', MOST_SENTENCE - 1);
  if (blank > 0) return from + blank + 1;
  const isInsidePair = /[\uD800-\uDBFF]/.test(window[MOST_SENTENCE - 1]!);
  return from + (isInsidePair ? MOST_SENTENCE - 1 : MOST_SENTENCE);
}
