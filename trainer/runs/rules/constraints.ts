// Makes a constraint of each rule on answers but those that ask a server, priced as the run's settings say or as the rule does.
import { ConstraintConfig, type ConstraintConfigs, HARM } from '@/core/config/constraints';
import { isCharged } from '@/core/constraints/charged';
import { judgeText } from '@/core/constraints/judge-text';
import { compileRule, type Rule } from '@/core/constraints/rules';
import { NO_CONTEXT, type Tools } from '@/core/constraints/scanner';
import { AttuneError } from '@/core/errors';
import { nearestName } from '@/core/text/unknown-keys';
import type { Constraint } from '@/trainer/math/constraint';
import type { FrozenRules } from './freeze';

/** A verdict that comes late must not change what a policy learns, so a run waits longer than people do. */
const TIMEOUT_MS = 60_000;

/** Throws BAD_INPUT if the settings name a rule that there is not. */
export function constraintsOf(
  { rules: { rules }, classifiers }: FrozenRules,
  settings: ConstraintConfigs,
  signal: AbortSignal,
): Constraint[] {
  const onAnswers = rules.filter(isCharged);
  const names = [...onAnswers.map(({ id }) => id), HARM];
  const unknown = Object.keys(settings).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    if (rules.some(({ id, kind }) => id === unknown && kind === 'http'))
      throw new AttuneError(
        'BAD_INPUT',
        `The run's settings: constraints: the rule "${unknown}" asks a server, which training does not. Remove it from the settings.`,
      );
    const meant = nearestName(unknown, names);
    const hint = meant ? `did you mean "${meant}"?` : `there are ${names.join(', ')}.`;
    throw new AttuneError(
      'BAD_INPUT',
      `The run's settings: constraints: no rule on answers has the id "${unknown}"; ${hint}`,
    );
  }
  const tools: Tools = {
    classify: (classifier, texts, signal) => classifiers.classify(classifier, texts, signal),
    post: () => Promise.reject(new AttuneError('INTERNAL', 'Training asked a server.')),
  };
  return onAnswers.map((rule) => ({
    name: rule.id,
    costs: hitsOf(rule, tools, signal),
    ...priced(rule.id, settingsFor(rule.id, settings) ?? ownSettings(rule), rule.cost),
  }));
}

/** A rule may have any name that an object has by itself. */
const settingsFor = (name: string, settings: ConstraintConfigs): ConstraintConfig | undefined =>
  Object.hasOwn(settings, name) ? settings[name] : undefined;

/** A rule with a target adapts from its cost on, however high that is; a cost of 0 is never charged. */
function ownSettings({ target, cost }: Rule): ConstraintConfig | undefined {
  if (target === null || cost === 0) return undefined;
  const settings = ConstraintConfig.parse({ target });
  return { ...settings, max: Math.max(settings.max, cost) };
}

/** A multiplier that starts outside its range is refused here, where the rule's own cost is known. */
export function priced(
  name: string,
  settings: ConstraintConfig | undefined,
  ownPrice: number,
): Pick<Constraint, 'price' | 'adaptive'> {
  if (!settings) return { price: ownPrice, adaptive: null };
  const { price: given, target, ...multiplier } = settings;
  const price = given ?? ownPrice;
  if (target !== null && (price === 0 || price > multiplier.max)) {
    throw new AttuneError(
      'BAD_INPUT',
      `The run's settings: constraints.${name}: the multiplier would start at the rule's cost, ${price}; it must be above 0 and at most its max of ${multiplier.max}. Give a price.`,
    );
  }
  return { price, adaptive: target === null ? null : { target, ...multiplier } };
}

/** A rule's hits in each text, as serving finds them; without a verdict there is no cost, and the run fails. */
function hitsOf(rule: Rule, tools: Tools, signal: AbortSignal): Constraint['costs'] {
  const own = compileRule(rule);
  const compiled = 'scan' in own ? own : { ...own, timeoutMs: TIMEOUT_MS };
  return async (completions) => {
    const hits: number[] = [];
    for (const { text } of completions)
      hits.push((await judgeText(compiled, { text, context: NO_CONTEXT }, tools, signal)).length);
    return hits;
  };
}
