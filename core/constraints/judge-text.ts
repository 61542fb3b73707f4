// Judges a whole text by one rule, or says what kept the rule from a verdict.
import type { CompiledRule, Context, Span, Tools } from './scanner';
import { spansIn } from './spans-in';

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
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const spans = await spansIn(compiled, text, { context, tools, signal, onFailure });
  if ('judge' in compiled) signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return spans;
}
