// Checks, before a rule holds, that what it asks can be asked: its classifier with its labels, or its server's address.
import type { Rule } from '@/core/constraints/rules';
import { AttuneError } from '@/core/errors';
import type { Product } from '@/server/services/product';

/** Throws BAD_INPUT that names the setting. */
export async function checkAsked({ classifiers, outgoing }: Product, rule: Rule): Promise<void> {
  if (rule.kind === 'http') outgoing.check(rule.url);
  if (rule.kind !== 'classifier') return;
  const { thresholds } = await classifiers.get(rule.classifier);
  const unknown = Object.keys(rule.thresholds).find((label) => !Object.hasOwn(thresholds, label));
  if (unknown === undefined) return;
  const known = Object.keys(thresholds).slice(0, 20).join(', ');
  throw new AttuneError(
    'BAD_INPUT',
    `Classifier "${rule.classifier}" has no label "${unknown}". Its labels are: ${known}.`,
    { param: 'thresholds' },
  );
}
