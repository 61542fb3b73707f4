// Makes a constraint of each rule, priced as the run's settings say.
import { type ConstraintConfig, type ConstraintConfigs, HARM } from '@/core/config/constraints';
import { judge } from '@/core/constraints/judge';
import type { RuleSet } from '@/core/constraints/rules';
import { AttuneError } from '@/core/errors';
import { nearestName } from '@/core/text/unknown-keys';
import type { Constraint } from '@/trainer/math/constraint';

/** Throws BAD_INPUT if the settings name a rule that there is not. */
export function constraintsOf(rules: RuleSet, settings: ConstraintConfigs): Constraint[] {
  const names = [...rules.rules.map(({ id }) => id), HARM];
  const unknown = Object.keys(settings).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const meant = nearestName(unknown, names);
    const hint = meant ? `did you mean "${meant}"?` : `there are ${names.join(', ')}.`;
    throw new AttuneError('BAD_INPUT', `The run's settings: constraints: no rule has the id "${unknown}"; ${hint}`);
  }
  return rules.rules.map((rule) => ({
    name: rule.id,
    costs: hitsOf({ ...rules, rules: [rule] }), // rules are compiled once per object
    ...priced(rule.id, settings[rule.id], rule.cost),
  }));
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
  if (target !== null && price > multiplier.max) {
    throw new AttuneError(
      'BAD_INPUT',
      `The run's settings: constraints.${name}: the multiplier would start at the rule's cost, ${price}, over its max of ${multiplier.max}. Give a price, or raise max.`,
    );
  }
  return { price, adaptive: target === null ? null : { target, ...multiplier } };
}

/** A rule's hits in each text. */
const hitsOf =
  (alone: RuleSet): Constraint['costs'] =>
  async (completions) =>
    completions.map(({ text }) => judge(alone, text).hits.length);
