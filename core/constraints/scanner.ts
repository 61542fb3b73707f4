// The compiled form of every rule: what it forbids in a text, read piece by piece, or judged sentence by sentence.

/** A part of a text in UTF-16 offsets, end exclusive. */
export interface Span {
  start: number;
  end: number;
  /** No verdict came, and the rule counts that as a hit. */
  isUnjudged?: boolean;
}

/** What a rule may know beside the text. */
export interface Context {
  /** The message that the text answers; null if the text is itself a message. */
  input: string | null;
  systemPrompt: string | null;
}
export const NO_CONTEXT: Context = { input: null, systemPrompt: null };

/** Reads one text. The spans found do not depend on how the text was cut into pieces. */
export interface Scanner {
  /** Reads the next piece. Pieces never cut a surrogate pair. */
  push(text: string): void;
  /** Says that the text is complete: what was undecided is decided now. */
  end(): void;
  /** What is certainly forbidden, in the order in which it became certain. Spans may overlap; the newest may still grow. */
  readonly found: readonly Span[];
  /** Every character before this offset is decided: it is forbidden if a span in `found` covers it, and allowed if not. */
  readonly decided: number;
}

/** A rule whose verdict needs nothing but the text: it holds a stream back only where something forbidden may begin. */
export interface TextRule {
  scan(context: Context): Scanner;
}

/** What rules that ask something else need from the process that they run in. */
export interface Tools {
  /** Probability of each label of a classifier, for each text. */
  classify(classifier: string, texts: readonly string[], signal: AbortSignal): Promise<Record<string, number>[]>;
  /** Sends JSON to a host that the operator allows, and reads JSON. */
  post(url: string, body: unknown, signal: AbortSignal): Promise<unknown>;
}

/** A rule that asks a model or another server: a stream waits for it at the end of each sentence. */
export interface VerdictRule {
  /** What a sentence counts as if the rule gives no verdict. */
  onFailure: 'allow' | 'forbid';
  /** How long a verdict is waited for. */
  timeoutMs: number;
  /** The forbidden parts of each text, in the texts' order. Throws if there is no verdict. */
  judge(texts: readonly string[], context: Context, tools: Tools, signal: AbortSignal): Promise<Span[][]>;
}

export type CompiledRule = TextRule | VerdictRule;

/** Everything that a rule finds in a whole text, sorted by start; spans that overlap are one. */
export function findSpans(rule: TextRule, text: string, context: Context = NO_CONTEXT): Span[] {
  const scanner = rule.scan(context);
  scanner.push(text);
  scanner.end();
  return mergeSpans(scanner.found);
}

/** Sorted by start; spans that overlap are one. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = merged.at(-1);
    if (last && span.start < last.end) last.end = Math.max(last.end, span.end);
    else merged.push({ ...span });
  }
  return merged;
}
