// Checks, before a rule holds, that what it asks can be asked: its classifier with its labels, or its server's address.
import type { Rule } from '@/core/constraints/rules';
import type { Product } from '@/server/services/product';

/** Throws BAD_INPUT that names the setting. */
export async function checkAsked({ classifiers, outgoing }: Product, rule: Rule): Promise<void> {
  if (rule.kind === 'http') outgoing.check(rule.url);
  if (rule.kind !== 'classifier') return;
  await classifiers.checkLabels(rule.classifier, Object.keys(rule.thresholds));
  await classifiers.classify(rule.classifier, ['Hello']);
}
