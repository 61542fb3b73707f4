// Judges a whole text by one rule, as a stream of it would be judged.
import type { CompiledRule } from './scanner';
import { type Context, findSpans, mergeSpans, type Span, type Tools } from './scanner';
import { VerdictScanner } from './verdict-scanner';

export interface Judged {
  text: string;
  context: Context;
}

/** Sorted by start. Throws what kept the rule from a verdict, or the signal's reason. */
export async function judgeText(
  compiled: CompiledRule,
  { text, context }: Judged,
  tools: Tools,
  signal: AbortSignal,
): Promise<Span[]> {
  if ('scan' in compiled) return findSpans(compiled, text, context);
  const failures: unknown[] = [];
  const scanner = new VerdictScanner(compiled, {
    ...{ context, tools, signal },
    onVerdict: () => {},
    onFailure: (error) => failures.push(error),
  });
  scanner.push(text);
  scanner.end();
  await scanner.settled();
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return mergeSpans(scanner.found);
}
