// Finds everything that one rule, of whatever kind, forbids in a whole text.
import { type CompiledRule, findSpans, mergeSpans, type Span } from './scanner';
import { type Asking, VerdictScanner } from './verdict-scanner';

/** Sorted, without overlaps. With `stopsAtHit`, a rule that asks is not asked further once it has found something. */
export async function spansIn(
  compiled: CompiledRule,
  text: string,
  how: Omit<Asking, 'onVerdict'>,
  stopsAtHit = false,
): Promise<Span[]> {
  if ('scan' in compiled) return findSpans(compiled, text, how.context);
  const scanner = new VerdictScanner(compiled, { ...how, onVerdict: () => {} }, stopsAtHit);
  scanner.push(text);
  scanner.end();
  await scanner.settled();
  return mergeSpans(scanner.found);
}
