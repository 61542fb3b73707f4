// Applies rules to a text that a person sends, before the model reads it.
import { maskText } from '@/core/constraints/judge';
import { spansIn } from '@/core/constraints/spans-in';
import type { Asking } from '@/core/constraints/verdict-scanner';
import { AttuneError } from '@/core/errors';
import type { Planned, planInput } from './plan';
import { hitOf, type RuleHit } from './rule-hit';

export interface CheckedInput {
  /** What the model and the database get. */
  text: string;
  hits: RuleHit[];
  /** Why the text must not be sent; null if it may. */
  refusal: AttuneError | null;
}

/** `param` is the request's name for the text. Throws CANCELLED once nobody waits for the verdict. */
export async function checkInput(
  plan: ReturnType<typeof planInput>,
  text: string,
  how: Omit<Asking, 'onVerdict'>,
  param?: string,
): Promise<CheckedInput> {
  const found = await Promise.all(
    plan.map(async (planned) => {
      const spans = await spansIn(planned.compiled, text, how, planned.action === 'block');
      return { ...planned, spans };
    }),
  );
  // What was not judged must not pass.
  if (how.signal.aborted && plan.some(({ compiled }) => 'judge' in compiled))
    throw new AttuneError('CANCELLED', 'The sender has gone, so the text was not checked.');
  const hits = found
    .flatMap(({ rule, action, spans }) => spans.map((span) => hitOf(rule, action, span)))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const blocking = found.find(({ action, spans }) => action === 'block' && spans.length > 0);
  const masked = hits.filter(({ action }) => action === 'mask');
  return {
    text: maskText(text, masked),
    hits,
    refusal: blocking
      ? refusalBy(
          blocking,
          blocking.spans.every(({ isUnjudged }) => isUnjudged),
          param,
        )
      : null,
  };
}

/** A rule's own sentence is about what it forbids, so it is not said of a text without a verdict. */
function refusalBy({ rule: { kind, message } }: Planned, isUnjudged: boolean, param: string | undefined): AttuneError {
  const sentence = isUnjudged
    ? `The text could not be checked by a content rule (${kind}), so it was not sent. Send it again later.`
    : (message ?? `The text breaks a content rule (${kind}). Change it and send it again.`);
  return new AttuneError('CONSTRAINT', sentence, { param, rule: { kind, message, isUnjudged } });
}
