// Reads a character as patterns do: full-width and styled ones become plain, and those without a width vanish.
import { characterOf } from '../words/characters';

const known = new Map<number, number | null>();
const MOST_KNOWN = 50_000;

/** null if the character is passed over. Line breaks and tabs count, although they are control characters. */
export function foldCharacter(codePoint: number): number | null {
  if (codePoint < 0x80) return codePoint;
  const before = known.get(codePoint);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const folded = fold(codePoint);
  known.set(codePoint, folded);
  return folded;
}

function fold(codePoint: number): number | null {
  if (characterOf(codePoint).isInvisible) return null;
  const plain = String.fromCodePoint(codePoint).normalize('NFKC');
  const first = plain.codePointAt(0)!;
  // What would become several characters, such as "㍿", stays as it is.
  return String.fromCodePoint(first) === plain ? first : codePoint;
}
