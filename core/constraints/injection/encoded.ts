// Finds base64 that decodes to a text which breaks a rule.
import { foldCharacter } from '../patterns/fold';
import { compilePattern } from '../patterns/program';
import type { Match, PatternSearch } from '../patterns/search';
import { findSpans, type Span, type TextRule } from '../scanner';

/** Of a longer run, the end is decoded. */
const LONGEST = 2000;
/** Shorter runs decode to nothing that could break the rule. */
const LEAST = 16;
const RUN = `[A-Za-z0-9+/_\\-]{${LEAST},}={0,2}(?:$|[^A-Za-z0-9+/_=\\-])`;

/** What is encoded twice is not decoded twice. */
export function searchEncoded(rule: TextRule): PatternSearch {
  const check = ({ text }: Match): Span | null => {
    const run = text.replace(/[^A-Za-z0-9+/_=-]$/u, '');
    const isHit = alignments(run).some((part) => {
      const decoded = decode(part);
      return decoded !== null && findSpans(rule, decoded).length > 0;
    });
    return isHit ? { start: 0, end: run.length } : null;
  };
  return { program: compilePattern(RUN, { ignoreCase: false }), longest: LONGEST, fold: foldCharacter, check };
}

/** Four characters are three bytes; the end of a longer run may begin within four. */
const alignments = (run: string) => (run.length < LONGEST - 1 ? [run] : [0, 1, 2, 3].map((cut) => run.slice(cut)));

/** null if the bytes are no text. */
function decode(base64: string): string | null {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const odd = text.match(/[\ufffd\p{Cc}]/gu)?.length ?? 0;
  return odd > text.length / 10 ? null : text;
}
