// Checks, before a rule holds, that what it asks can be asked: its classifier with its labels, or its server's address.
import { judgeText } from '@/core/constraints/judge-text';
import { noVerdictOf } from '@/core/constraints/kinds/http';
import { compileRule, type Rule } from '@/core/constraints/rules';
import { NO_CONTEXT } from '@/core/constraints/scanner';
import { AttuneError, type NoVerdict, toAttuneError } from '@/core/errors';
import type { Product } from '@/server/services/product';

/** Nobody wrote it. */
const SAMPLE = 'Hello';

/** Throws BAD_INPUT that names the setting. */
export async function checkAsked({ classifiers, outgoing }: Product, rule: Rule): Promise<void> {
  if (rule.kind === 'http') outgoing.check(rule.url);
  if (rule.kind !== 'classifier') return;
  await classifiers.checkLabels(rule.classifier, Object.keys(rule.thresholds));
  await classifiers.classify(rule.classifier, [SAMPLE]);
}

const WAY_OUT: Record<NoVerdict, string> = {
  unreachable: 'Check the address, and that the server runs.',
  timeout: 'Make it faster, or let the rule wait longer.',
  answer: 'It must answer with the status 200 and with {"hits": [{"start": 0, "end": 5}]} or {"isHit": true}.',
};

/** Asks the server of a rule that acts on texts about one. Throws BAD_INPUT with the reason if it gives no verdict. */
export async function checkAnswered({ tools }: Product, rule: Rule, signal: AbortSignal): Promise<void> {
  if (rule.kind !== 'http' || (rule.input === 'off' && rule.output === 'off')) return;
  try {
    await judgeText(compileRule(rule), { text: SAMPLE, context: NO_CONTEXT }, tools, signal);
  } catch (error) {
    if (signal.aborted) throw new AttuneError('CANCELLED', 'The sender has gone, so the rule was not saved.');
    const noVerdict = noVerdictOf(error);
    const why =
      noVerdict === 'timeout'
        ? `${new URL(rule.url).host} did not answer within ${rule.timeoutMs} ms.`
        : toAttuneError(error).message;
    throw new AttuneError(
      'BAD_INPUT',
      `The rule is not saved, because its server gave no verdict. ${why} ${WAY_OUT[noVerdict]}`,
      {
        ...{ param: 'url', noVerdict, cause: error },
      },
    );
  }
}
