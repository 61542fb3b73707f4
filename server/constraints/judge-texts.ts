// Judges whole texts by one rule, for admins who try it out.

import type { Compiled } from '@/core/constraints/rules';
import type { CompiledRule } from '@/core/constraints/scanner';
import { type Context, findSpans, mergeSpans, type Span, type Tools } from '@/core/constraints/scanner';
import { VerdictScanner } from './verdict-scanner';

export interface Judged {
  text: string;
  context: Context;
}

/** null if the rule gave no verdict. */
export async function judgeText(
  { compiled }: Compiled<CompiledRule>,
  { text, context }: Judged,
  tools: Tools,
  signal: AbortSignal,
): Promise<Span[] | null> {
  if ('scan' in compiled) return findSpans(compiled, text, context);
  let hasFailed = false;
  const onFailure = () => {
    hasFailed = true;
  };
  const scanner = new VerdictScanner(compiled, { context, tools, signal, onVerdict: () => {}, onFailure });
  scanner.push(text);
  scanner.end();
  await scanner.settled();
  return hasFailed || signal.aborted ? null : mergeSpans(scanner.found);
}
