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
  /** There was no verdict. */
  onFailure(error: unknown): void;
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

  constructor(
    private readonly rule: VerdictRule,
    private readonly how: Asking,
  ) {}

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
    const sentences = this.waiting.splice(0, MOST_SENTENCES);
    this.asking = this.judge(sentences).then(() => {
      this.asking = null;
      this.ask();
      this.how.onVerdict();
    });
  }

  private async judge(sentences: readonly Span[]): Promise<void> {
    const texts = sentences.map(({ start, end }) => this.text.slice(start, end));
    const spans = await judgeAll(this.rule, texts, this.how);
    // Nobody waits for it, and what was not judged is not shown.
    if (this.how.signal.aborted) return;
    spans.forEach((inSentence, i) => {
      const { start } = sentences[i]!;
      for (const span of inSentence) this.found.push({ start: start + span.start, end: start + span.end });
    });
    this.decided = sentences.at(-1)!.end;
  }
}

/** Never throws and never waits longer than the rule allows: a failure counts as the rule says. */
export async function judgeAll(
  rule: VerdictRule,
  texts: readonly string[],
  { context, tools, signal, onFailure }: Omit<Asking, 'onVerdict'>,
): Promise<Span[][]> {
  const deadline = AbortSignal.timeout(rule.timeoutMs);
  const ends = AbortSignal.any([signal, deadline]);
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
    return texts.map((text) => (rule.onFailure === 'forbid' ? [{ start: 0, end: text.length }] : []));
  } finally {
    ends.removeEventListener('abort', giveUp);
  }
}
