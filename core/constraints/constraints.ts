// Versioned rules about what a text may hold, and the one function that judges a text, in serving and in training.
import {
  type BlacklistedTerm,
  englishDataset,
  englishRecommendedTransformers,
  type ParsedPattern,
  RegExpMatcher,
  SyntaxKind,
} from 'obscenity';
import { z } from 'zod';

const Term = z.string().trim().min(2).max(64);

export const Rule = z.object({
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
export type Rule = z.infer<typeof Rule>;

export const RuleSet = z.object({
  /** Grows by one with every change; stored with each generation. */
  version: z.int().positive(),
  rules: z
    .array(Rule)
    .refine((rules) => new Set(rules.map((rule) => rule.id)).size === rules.length, 'Two rules have the same id.'),
});
export type RuleSet = z.infer<typeof RuleSet>;

export const DEFAULT_RULES: RuleSet = RuleSet.parse({
  version: 1,
  rules: [{ id: 'profanity', kind: 'profanity' }],
});

export interface Hit {
  ruleId: string;
  /** UTF-16 offsets, end exclusive. */
  start: number;
  end: number;
  matched: string;
}

export interface Judgement {
  /** By start; hits of one rule do not overlap. */
  hits: Hit[];
  /** Sum over the hits of their rule's cost; 0 where every rule is kept. */
  cost: number;
}

/** Character by character: look-alikes to ASCII, l33t to letters, lower case. */
function resolve(codePoint: number): number {
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

interface Compiled {
  matchers: { rule: Rule; matcher: RegExpMatcher }[];
  /** No match or allowed text is longer, in normalised characters. */
  longest: number;
}

const compiled = new WeakMap<RuleSet, Compiled>();

function compile(rules: RuleSet): Compiled {
  const known = compiled.get(rules);
  if (known) return known;
  let longest = 1;
  const matchers = rules.rules.map((rule) => {
    const preset = rule.preset === 'english' ? englishDataset.build() : { blacklistedTerms: [], whitelistedTerms: [] };
    const patterns = [...preset.blacklistedTerms.map((term) => term.pattern), ...rule.words.map(wordPattern)];
    const blacklistedTerms: BlacklistedTerm[] = patterns.map((pattern, id) => ({ id, pattern }));
    const allowed = rule.allow.map((text) => text.toLowerCase().replace(/ +/g, ' '));
    const whitelistedTerms = [...(preset.whitelistedTerms ?? []), ...allowed];
    longest = Math.max(longest, ...patterns.map(patternLength), ...whitelistedTerms.map((text) => text.length));
    return {
      rule,
      matcher: new RegExpMatcher({ ...englishRecommendedTransformers, blacklistedTerms, whitelistedTerms }),
    };
  });
  const result = { matchers, longest };
  compiled.set(rules, result);
  return result;
}

export function judge(rules: RuleSet, text: string): Judgement {
  const hits: Hit[] = [];
  let cost = 0;
  for (const { rule, matcher } of compile(rules).matchers) {
    let last: Hit | undefined;
    for (const { startIndex, endIndex } of matcher.getAllMatches(text, true)) {
      const end = endOfRun(text, endIndex + 1);
      if (last && startIndex < last.end) {
        last.end = Math.max(last.end, end);
      } else {
        last = { ruleId: rule.id, start: startIndex, end, matched: '' };
        hits.push(last);
        cost += rule.cost;
      }
    }
  }
  for (const hit of hits) hit.matched = text.slice(hit.start, hit.end);
  hits.sort((a, b) => a.start - b.start || a.end - b.end);
  return { hits, cost };
}

/** The matcher ends at the first of a run of like letters; "shiiittt" is forbidden to its end. */
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

/** Every UTF-16 unit of a hit becomes `*`, so offsets stay valid. */
export function maskText(text: string, hits: readonly Hit[]): string {
  let out = text;
  for (const { start, end } of hits) out = out.slice(0, start) + '*'.repeat(end - start) + out.slice(end);
  return out;
}

/**
 * Masks a text that arrives in pieces: what push and end return, joined, is maskText of the whole. A character is returned
 * only when so much text stands behind it that no match and no allowed text which begins there can still be open; that is
 * 15 characters with the English list. Runs of like letters count once, as the matcher collapses them.
 */
export class StreamFilter {
  /** Text from a place before which nothing matters any more. */
  private buffer = '';
  /** How much of the buffer was returned. */
  private returned = 0;
  private readonly window: number;

  constructor(private readonly rules: RuleSet) {
    this.window = compile(rules).longest + 1; // and the character that decides a word boundary
  }

  push(text: string): string {
    this.buffer += text;
    return this.take(this.runsBefore(this.buffer.length, this.window));
  }

  end(): string {
    return this.take(this.buffer.length);
  }

  private take(upTo: number): string {
    if (upTo <= this.returned) return '';
    const out = maskText(this.buffer, judge(this.rules, this.buffer).hits).slice(this.returned, upTo);
    this.returned = upTo;
    this.forget();
    return out;
  }

  /** Drops text at a blank so far behind that no open match, nor an allowed text around one, reaches back to it. */
  private forget(): void {
    const reach = this.runsBefore(this.returned, 2 * this.window);
    for (let at = reach; at > 0; at--) {
      if (this.buffer[at] === ' ' && this.buffer[at - 1] !== ' ') {
        this.buffer = this.buffer.slice(at);
        this.returned -= at;
        return;
      }
    }
  }

  /** Where the `count`-th run of like characters before `end` begins; 0 where there are fewer. */
  private runsBefore(end: number, count: number): number {
    let at = end;
    let runs = 0;
    let current = -1;
    while (at > 0) {
      const low = this.buffer.charCodeAt(at - 1);
      const high = this.buffer.charCodeAt(at - 2); // NaN at the start
      const size = low >= 0xdc00 && low <= 0xdfff && high >= 0xd800 && high <= 0xdbff ? 2 : 1;
      const codePoint = resolve(this.buffer.codePointAt(at - size)!);
      if (codePoint !== current) {
        if (runs === count) return at;
        runs++;
        current = codePoint;
      }
      at -= size;
    }
    return 0;
  }
}
