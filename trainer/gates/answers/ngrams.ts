// The words of a text, and the runs of words in it.
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

export const wordsOf = (text: string): string[] =>
  Array.from(segmenter.segment(text.toLowerCase()))
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment);

export function ngramsOf(text: string, length: number, mostWords = Number.POSITIVE_INFINITY): string[] {
  const words = wordsOf(text).slice(0, mostWords);
  return Array.from({ length: Math.max(0, words.length - length + 1) }, (_, i) => words.slice(i, i + length).join(' '));
}
