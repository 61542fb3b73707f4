// Applies a rule set in tests as serving does, without a database.
import type { RuleSet } from '@/core/constraints/rules';
import { textRules } from '@/core/constraints/rules';
import { NO_CONTEXT, type Tools } from '@/core/constraints/scanner';
import { StreamFilter } from '@/core/constraints/stream-filter';
import { OutputRules } from '@/server/constraints/output-rules';
import { planOutput } from '@/server/constraints/plan';

/** Masks whatever the rules find. */
export const filterOf = (rules: RuleSet): StreamFilter =>
  new StreamFilter(textRules(rules).map(({ compiled }) => compiled.scan(NO_CONTEXT)));

const noTools: Tools = {
  classify: () => Promise.reject(new Error('no classifier')),
  post: () => Promise.reject(new Error('no network')),
};

export const outputOf = (rules: RuleSet): OutputRules =>
  new OutputRules(planOutput(rules, 'member'), {
    ...{ context: NO_CONTEXT, tools: noTools, signal: new AbortController().signal },
    ...{ onVerdict: () => {}, onFailure: () => {} },
  });
