// The kind of rule that forbids what a text classifier finds: a label with at least a probability.
import { z } from 'zod';
import { AttuneError } from '../../errors';
import { FallibleRule } from '../rule';
import type { VerdictRule } from '../scanner';

export const ClassifierRule = FallibleRule.extend({
  kind: z.literal('classifier'),
  /** The name of its artifact. */
  classifier: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, 'Use 1 to 64 of a-z, 0-9, "." and "-".'),
  /** By label: the probability from which a text is a hit. */
  thresholds: z
    .record(z.string().min(1).max(80), z.number().gt(0).max(1))
    .refine((all) => Object.keys(all).length > 0, 'Name at least one label.'),
});
export type ClassifierRule = z.infer<typeof ClassifierRule>;

export function compileClassifier({ classifier, thresholds, onFailure, timeoutMs }: ClassifierRule): VerdictRule {
  return {
    onFailure,
    timeoutMs,
    async judge(texts, _context, tools, signal) {
      const verdicts = await tools.classify(classifier, texts, signal);
      if (verdicts.length !== texts.length)
        throw new AttuneError('UNAVAILABLE', `${classifier} judged ${verdicts.length} of ${texts.length} texts.`);
      return texts.map((text, i) =>
        Object.entries(thresholds).some(([label, least]) => probability(classifier, verdicts[i]!, label) >= least)
          ? [{ start: 0, end: text.length }]
          : [],
      );
    },
  };
}

function probability(classifier: string, verdict: Record<string, number>, label: string): number {
  const value = Object.hasOwn(verdict, label) ? verdict[label]! : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  const known = Object.keys(verdict).slice(0, 20).join(', ');
  throw new AttuneError('UNAVAILABLE', `${classifier} gives no probability of "${label}". Its labels are: ${known}.`);
}
