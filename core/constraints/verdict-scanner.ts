// Reads a text for a rule that asks a model or another server: each sentence stays undecided until it is judged.
import type { Context, Scanner, Span, Tools, VerdictRule } from './scanner';
import { sentenceEnd } from './sentences';

/** Sentences in one question: what has gathered while the last one was answered. */
const MOST_SENTENCES = 16;

export interface Asking {
  context: Context;
  tools: Tools;
  /** Aborts when nobody needs the verdict any more. */
  signal: AbortSignal;
  /** Something has been decided. */
  onVerdict(): void;
  /** There was no verdict; the rule is not asked again about this text. */
  onFailure(error: unknown): void;
  /** Rules that gave no verdict on other texts of the same request, and so are not asked about this one. */
  failed?: Set<VerdictRule>;
}

/** The spans do not depend on the pieces; when they become known depends on the judge. It always becomes known. */
export class VerdictScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private text = '';
  /** Where the first sentence begins that is not complete. */
  private open = 0;
  private readonly waiting: Span[] = [];
  private asking: Promise<void> | null = null;
  private readonly failed: Set<VerdictRule>;

  constructor(
    private readonly rule: VerdictRule,
    private readonly how: Asking,
    /** The first hit decides about the whole text. */
    private readonly stopsAtHit = false,
  ) {
    this.failed = how.failed ?? new Set();
  }

  push(text: string): void {
    this.text += text;
    for (let end = this.nextEnd(); end !== null; end = this.nextEnd()) this.close(end);
    this.ask();
  }

  end(): void {
    if (this.open < this.text.length) this.close(this.text.length);
    this.ask();
  }

  /** Resolves when every complete sentence is judged. */
  async settled(): Promise<void> {
    while (this.asking) await this.asking;
  }

  private nextEnd = () => sentenceEnd(this.text, this.open);

  private close(end: number): void {
    this.waiting.push({ start: this.open, end });
    this.open = end;
  }

  private ask(): void {
    if (this.asking || this.waiting.length === 0 || this.how.signal.aborted) return;
    if (this.stopsAtHit && this.found.length > 0) return;
    if (this.failed.has(this.rule)) {
      const rest = this.waiting.splice(0);
      this.decide(rest, unjudged(this.rule, this.textsOf(rest)));
      return;
    }
    const sentences = this.waiting.splice(0, MOST_SENTENCES);
    this.asking = this.judge(sentences).then(() => {
      this.asking = null;
      this.ask();
      this.how.onVerdict();
    });
  }

  private async judge(sentences: readonly Span[]): Promise<void> {
    const spans = await judgeAll(this.rule, this.textsOf(sentences), {
      ...this.how,
      onFailure: (error) => {
        this.failed.add(this.rule);
        this.how.onFailure(error);
      },
    });
    // Nobody waits for it, and what was not judged is not shown.
    if (!this.how.signal.aborted) this.decide(sentences, spans);
  }

  private textsOf(sentences: readonly Span[]): string[] {
    return sentences.map(({ start, end }) => this.text.slice(start, end));
  }

  private decide(sentences: readonly Span[], spans: readonly Span[][]): void {
    spans.forEach((inSentence, i) => {
      const { start } = sentences[i]!;
      for (const span of inSentence) this.found.push({ ...span, start: start + span.start, end: start + span.end });
    });
    this.decided = sentences.at(-1)!.end;
  }
}

/** What texts without a verdict count as. */
const unjudged = ({ onFailure }: VerdictRule, texts: readonly string[]): Span[][] =>
  texts.map((text) => (onFailure === 'forbid' ? [{ start: 0, end: text.length, isUnjudged: true }] : []));

/** Never throws and never waits longer than the rule allows: a failure counts as the rule says. */
export async function judgeAll(
  rule: VerdictRule,
  texts: readonly string[],
  { context, tools, signal, onFailure }: Omit<Asking, 'onVerdict'>,
): Promise<Span[][]> {
  const deadline = AbortSignal.timeout(rule.timeoutMs);
  const over = new AbortController();
  const ends = AbortSignal.any([signal, deadline, over.signal]);
  let giveUp = () => {};
  const late = new Promise<never>((_, reject) => {
    giveUp = () => reject(ends.reason);
    ends.addEventListener('abort', giveUp, { once: true });
    if (ends.aborted) giveUp();
  });
  try {
    const judged = await Promise.race([rule.judge(texts, context, tools, ends), late]);
    if (judged.length !== texts.length) throw new Error(`${judged.length} verdicts on ${texts.length} texts`);
    return judged.map((spans, i) => spans.map(({ start, end }) => ({ start, end: Math.min(end, texts[i]!.length) })));
  } catch (error) {
    if (!signal.aborted) onFailure(error);
    return unjudged(rule, texts);
  } finally {
    ends.removeEventListener('abort', giveUp);
    // Of several requests, the others end with the one that failed.
    over.abort();
  }
}
