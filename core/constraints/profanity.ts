// The kind of rule that forbids swear words: its settings, and how it finds them in a text.
import {
  type BlacklistedTerm,
  englishRecommendedTransformers,
  type ParsedPattern,
  RegExpMatcher,
  SyntaxKind,
} from 'obscenity';
import { z } from 'zod';
import type { CompiledRule } from './compiled-rule';
import { englishSwearWords } from './swear-words';

const Term = z.string().trim().min(2).max(64);

export const ProfanityRule = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,64}$/),
  /** Swear words, also in l33t spelling, look-alike letters and repeated letters. */
  kind: z.literal('profanity'),
  /** The list that the rule starts from. */
  preset: z.enum(['english', 'none']).default('english'),
  /** More forbidden words; whole words only. */
  words: z.array(Term).max(1000).default([]),
  /** Texts in which nothing is forbidden, although they contain a forbidden word. */
  allow: z.array(Term).max(1000).default([]),
  /** What one hit costs in training. */
  cost: z.number().positive().default(1),
});
export type ProfanityRule = z.infer<typeof ProfanityRule>;

/** A character as the matcher sees it: look-alikes become ASCII and l33t becomes letters, all in lower case. */
export function resolve(codePoint: number): number {
  let out = codePoint;
  for (const transformer of englishRecommendedTransformers.blacklistMatcherTransformers ?? []) {
    if ('transform' in transformer) out = transformer.transform(out) ?? out;
  }
  return out;
}

/** A word as the matcher sees it: resolved, and repeated letters collapsed. */
function normalise(word: string): number[] {
  const collapse = (englishRecommendedTransformers.blacklistMatcherTransformers ?? []).flatMap((transformer) =>
    'factory' in transformer ? [transformer.factory()] : [],
  );
  return Array.from(word, (c) => resolve(c.codePointAt(0)!)).filter((c) =>
    collapse.every((transformer) => transformer.transform(c) !== undefined),
  );
}

const isWordCharacter = (codePoint: number | undefined) =>
  codePoint !== undefined && /\w/.test(String.fromCodePoint(codePoint));

function wordPattern(word: string): ParsedPattern {
  const chars = normalise(word);
  return {
    requireWordBoundaryAtStart: isWordCharacter(chars[0]),
    requireWordBoundaryAtEnd: isWordCharacter(chars.at(-1)),
    nodes: [{ kind: SyntaxKind.Literal, chars }],
  };
}

function patternLength(pattern: ParsedPattern): number {
  return pattern.nodes.reduce((sum, node) => {
    const part = node.kind === SyntaxKind.Optional ? node.childNode : node;
    return sum + (part.kind === SyntaxKind.Literal ? part.chars.length : 1);
  }, 0);
}

export function compileProfanity(rule: ProfanityRule): CompiledRule {
  const preset = rule.preset === 'english' ? englishSwearWords() : { blacklistedTerms: [], whitelistedTerms: [] };
  const patterns = [...preset.blacklistedTerms.map((term) => term.pattern), ...rule.words.map(wordPattern)];
  const blacklistedTerms: BlacklistedTerm[] = patterns.map((pattern, id) => ({ id, pattern }));
  const allowed = rule.allow.map((text) => text.toLowerCase().replace(/ +/g, ' '));
  const whitelistedTerms = [...preset.whitelistedTerms, ...allowed];
  const matcher = new RegExpMatcher({ ...englishRecommendedTransformers, blacklistedTerms, whitelistedTerms });
  return {
    longest: Math.max(1, ...patterns.map(patternLength), ...whitelistedTerms.map((text) => text.length)),
    find: (text) =>
      matcher
        .getAllMatches(text, true)
        .map(({ startIndex, endIndex }) => ({ start: startIndex, end: endOfRun(text, endIndex + 1) })),
  };
}

/** The matcher ends at the first of a run of equal letters, but "shiiittt" is forbidden to its end. */
function endOfRun(text: string, end: number): number {
  const before = text.charCodeAt(end - 1);
  const isPair = before >= 0xdc00 && before <= 0xdfff && end > 1;
  const letter = resolve(text.codePointAt(isPair ? end - 2 : end - 1)!);
  for (let at = end; at < text.length; ) {
    const codePoint = text.codePointAt(at)!;
    if (resolve(codePoint) !== letter) return at;
    at += codePoint > 0xffff ? 2 : 1;
  }
  return text.length;
}
