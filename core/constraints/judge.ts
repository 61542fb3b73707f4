// Judges a text by the rules, in the same way for serving and for training.
import { type RuleSet, textRules } from './rules';
import { type Context, findSpans, NO_CONTEXT, type Span } from './scanner';

export interface Hit extends Span {
  ruleId: string;
}

export interface Judgement {
  /** Sorted by start; hits of one rule do not overlap. */
  hits: Hit[];
  /** Sum over the hits of their rule's cost; 0 when no rule is broken. */
  cost: number;
}

/** Applies the rules that need nothing but the text. */
export function judge(rules: RuleSet, text: string, context: Context = NO_CONTEXT): Judgement {
  const hits: Hit[] = [];
  let cost = 0;
  for (const { rule, compiled } of textRules(rules)) {
    for (const span of findSpans(compiled, text, context)) {
      hits.push({ ruleId: rule.id, ...span });
      cost += rule.cost;
    }
  }
  hits.sort((a, b) => a.start - b.start || a.end - b.end);
  return { hits, cost };
}

/** Stands for what is hidden. Markdown gives it no meaning: stars in its place would make text bold or draw a line. */
export const MASK = '█';

/** Every UTF-16 unit of a hit becomes `MASK`, so offsets stay valid. */
export function maskText(text: string, hits: readonly Span[]): string {
  let out = '';
  let at = 0;
  for (const { start, end } of hits) {
    if (end <= at) continue;
    out += text.slice(at, Math.max(at, start)) + MASK.repeat(end - Math.max(at, start));
    at = end;
  }
  return out + text.slice(at);
}
