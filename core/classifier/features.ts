// Turns a text into hashed features for a linear classifier: parts of words, whole words and pairs of neighbours.

/** More bits need more memory, and keep features apart that fewer bits would mix. */
export const FEATURE_BITS = 18;
const MASK = 2 ** FEATURE_BITS - 1;
/** Letters of the shortest and longest part of a word. */
const SHORTEST = 2;
const LONGEST = 5;
/** A word of a script without blanks may be as long as the text. */
const LONGEST_WORD = 64;

const WORD = new RegExp(`[\\p{L}\\p{N}\\p{M}'’@$*#]{1,${LONGEST_WORD}}|[!?]+`, 'gu');

/** The distinct features of a text, sorted. */
export function featuresOf(text: string): Uint32Array {
  const found = new Set<number>();
  let previous = START;
  for (const [written] of text.normalize('NFKC').matchAll(WORD)) {
    const word = written.toLowerCase();
    const whole = hashPart(word, 0, word.length, WHOLE);
    found.add(whole & MASK);
    found.add(mix(previous, whole) & MASK);
    previous = whole;
    const edged = `<${word}>`;
    for (let length = SHORTEST; length <= LONGEST; length++)
      for (let at = 0; at + length <= edged.length; at++) found.add(hashPart(edged, at, at + length, length) & MASK);
  }
  return Uint32Array.from(found).sort();
}

const START = 0x51ed270b;
const WHOLE = 99;

/** FNV-1a over UTF-16 units, mixed at the end because the mask takes the low bits. */
function hashPart(text: string, from: number, end: number, seed: number): number {
  let hash = Math.imul(0x811c9dc5 ^ seed, 0x01000193);
  for (let i = from; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash, seed);
}

function mix(one: number, other: number): number {
  let x = Math.imul(one ^ (other >>> 15) ^ Math.imul(other, 0x85ebca6b), 0xc2b2ae35);
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  return (x ^ (x >>> 15)) >>> 0;
}
