// Applies rules to an answer that arrives in pieces: hides what they mask, and says when one of them stops it.
import { maskText } from '@/core/constraints/judge';
import type { Rule } from '@/core/constraints/rules';
import { mergeSpans, type Scanner, type Span } from '@/core/constraints/scanner';
import { StreamFilter } from '@/core/constraints/stream-filter';
import { type Asking, VerdictScanner } from '@/core/constraints/verdict-scanner';
import type { Planned } from './plan';
import { type Action, hitOf, type RuleHit } from './rule-hit';

interface Reader {
  rule: Rule;
  action: Action;
  scanner: Scanner;
  spansSeen: number;
}

/** A rule that ends the sample, and where. */
export interface Stop {
  rule: Rule;
  action: 'block' | 'regenerate';
  start: number;
}

/** What AnswerText applies to the text: pieces in, text that may be shown out. */
export interface TextRules {
  push(text: string): string;
  end(): string;
  /** What can be shown without new text. */
  take(): string;
}

export class OutputRules implements TextRules {
  private readonly readers: Reader[];
  private readonly filter: StreamFilter;
  /** Set when a rule stops the answer; nothing from its start on is ever shown. */
  stop: Stop | null = null;

  constructor(plan: readonly Planned[], how: Asking) {
    this.readers = plan.map(({ rule, action, compiled }) => ({
      ...{ rule, action, spansSeen: 0 },
      scanner: 'scan' in compiled ? compiled.scan(how.context) : new VerdictScanner(compiled, how, isStop(action)),
    }));
    this.filter = new StreamFilter(
      this.readers.map(({ action, scanner }) => (action === 'flag' ? unheeded(scanner) : scanner)),
      () => this.findStop(),
    );
  }

  push(text: string): string {
    return this.stop ? '' : this.filter.push(text);
  }

  end(): string {
    return this.stop ? '' : this.filter.end();
  }

  take(): string {
    return this.stop ? '' : this.filter.take();
  }

  async settled(): Promise<void> {
    for (const { scanner } of this.readers) if (scanner instanceof VerdictScanner) await scanner.settled();
  }

  /** Sorted by start. Offsets fit the shown text, because a mask is as long as what it hides. */
  hits(): RuleHit[] {
    return this.readers
      .flatMap(({ rule, action, scanner }) => mergeSpans(scanner.found).map((span) => hitOf(rule, action, span)))
      .sort((a, b) => a.start - b.start || a.end - b.end);
  }

  /** What the hits cost in training. */
  cost(): number {
    return this.readers.reduce((sum, { rule, scanner }) => sum + rule.cost * mergeSpans(scanner.found).length, 0);
  }

  /** Where the answer is stopped; infinite while it is not. */
  private findStop(): number {
    for (const reader of this.readers) {
      const { action, scanner, rule } = reader;
      if (!isStop(action)) continue;
      const { found } = scanner;
      for (; reader.spansSeen < found.length; reader.spansSeen++) {
        const { start } = found[reader.spansSeen]!;
        const { stop } = this;
        // At one place, a rule that blocks is the stronger one.
        if (!stop || start < stop.start || (start === stop.start && action === 'block'))
          this.stop = { rule, action, start };
      }
    }
    return this.stop?.start ?? Number.POSITIVE_INFINITY;
  }
}

const isStop = (action: Action): action is Stop['action'] => action === 'block' || action === 'regenerate';

/** Reads along, but holds nothing back and hides nothing. */
const unheeded = (scanner: Scanner): Scanner => ({
  push: (text) => scanner.push(text),
  end: () => scanner.end(),
  found: [],
  decided: Number.POSITIVE_INFINITY,
});

/** Shows an answer again as it was shown: the same spans are hidden, and it ends in the same place. */
export class ShownBefore implements TextRules {
  private text = '';
  private taken = 0;

  constructor(
    private readonly masked: readonly Span[],
    private readonly length: number,
  ) {}

  push(text: string): string {
    this.text += text;
    return this.take();
  }

  end(): string {
    return '';
  }

  take(): string {
    const shown = maskText(this.text, this.masked).slice(this.taken, this.length);
    this.taken += shown.length;
    return shown;
  }
}
