// Makes a constraint of each rule on answers, priced as the run's settings say or, without any, as the rule does.
import { ConstraintConfig, type ConstraintConfigs, HARM } from '@/core/config/constraints';
import { judge } from '@/core/constraints/judge';
import type { Rule, RuleSet } from '@/core/constraints/rules';
import { AttuneError } from '@/core/errors';
import { nearestName } from '@/core/text/unknown-keys';
import type { Constraint } from '@/trainer/math/constraint';

/** Throws BAD_INPUT if the settings name a rule that there is not. */
export function constraintsOf(rules: RuleSet, settings: ConstraintConfigs): Constraint[] {
  const onAnswers = rules.rules.filter(({ output }) => output !== 'off');
  const names = [...onAnswers.map(({ id }) => id), HARM];
  const unknown = Object.keys(settings).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const meant = nearestName(unknown, names);
    const hint = meant ? `did you mean "${meant}"?` : `there are ${names.join(', ')}.`;
    throw new AttuneError(
      'BAD_INPUT',
      `The run's settings: constraints: no rule on answers has the id "${unknown}"; ${hint}`,
    );
  }
  return onAnswers.map((rule) => ({
    name: rule.id,
    costs: hitsOf({ ...rules, rules: [rule] }),
    ...priced(rule.id, settings[rule.id] ?? ownSettings(rule), rule.cost),
  }));
}

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

/** A rule's hits in each text. */
const hitsOf =
  (alone: RuleSet): Constraint['costs'] =>
  async (completions) =>
    completions.map(({ text }) => judge(alone, text).hits.length);
