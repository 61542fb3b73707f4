// Judges a text by the rules, in the same way for serving and for training.
import { compileRules, type RuleSet } from './rules';

export interface Hit {
  ruleId: string;
  /** UTF-16 offsets, end exclusive. */
  start: number;
  end: number;
}

export interface Judgement {
  /** Sorted by start; hits of one rule do not overlap. */
  hits: Hit[];
  /** Sum over the hits of their rule's cost; 0 when no rule is broken. */
  cost: number;
}

export function judge(rules: RuleSet, text: string): Judgement {
  const hits: Hit[] = [];
  let cost = 0;
  for (const { rule, compiled } of compileRules(rules)) {
    let last: Hit | undefined;
    for (const { start, end } of compiled.find(text)) {
      if (last && start < last.end) {
        last.end = Math.max(last.end, end);
      } else {
        last = { ruleId: rule.id, start, end };
        hits.push(last);
        cost += rule.cost;
      }
    }
  }
  hits.sort((a, b) => a.start - b.start || a.end - b.end);
  return { hits, cost };
}

/** Every UTF-16 unit of a hit becomes `*`, so offsets stay valid. */
export function maskText(text: string, hits: readonly Hit[]): string {
  let out = '';
  let at = 0;
  for (const { start, end } of hits) {
    if (end <= at) continue;
    out += text.slice(at, Math.max(at, start)) + '*'.repeat(end - Math.max(at, start));
    at = end;
  }
  return out + text.slice(at);
}
