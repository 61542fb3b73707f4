// Several rules on text as one: what any of them finds is found.
import type { Context, Scanner, Span, TextRule } from './scanner';

export function combineRules(rules: readonly TextRule[]): TextRule {
  return { scan: (context) => new CombinedScanner(rules, context) };
}

class CombinedScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private readonly readers: { scanner: Scanner; taken: number }[];

  constructor(rules: readonly TextRule[], context: Context) {
    this.readers = rules.map((rule) => ({ scanner: rule.scan(context), taken: 0 }));
  }

  push(text: string): void {
    for (const { scanner } of this.readers) scanner.push(text);
    this.take();
  }

  end(): void {
    for (const { scanner } of this.readers) scanner.end();
    this.take();
  }

  private take(): void {
    let decided = Number.POSITIVE_INFINITY;
    for (const reader of this.readers) {
      const { found } = reader.scanner;
      for (; reader.taken < found.length; reader.taken++) this.found.push(found[reader.taken]!);
      decided = Math.min(decided, reader.scanner.decided);
    }
    this.decided = decided;
  }
}
