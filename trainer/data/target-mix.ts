// Gives groups the shares of the whole weight that a run asks for, whatever their shares of the votes.
import type { RewardExample } from '@/trainer/math/reward-examples';

/** By key of a group, the share that each of its values is to have; shares are relative to one another. */
export type TargetMix = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Rounds over the keys, after which the shares no longer move noticeably. */
const ROUNDS = 20;

/**
 * Iterative proportional fitting (Deming and Stephan 1940), key by key. Examples of a group that the mix does not name keep
 * their weight, and so does the sum of the others; a group without examples leaves its share to the rest.
 */
export function reweighted(examples: readonly RewardExample[], mix: TargetMix): RewardExample[] {
  const start = examples.map(({ weight, share = 1 }) => Math.abs(weight) * share);
  const weights = [...start];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [key, shares] of Object.entries(mix)) {
      const sums = new Map<string, number>();
      const groupOf = (i: number) => {
        const value = examples[i]!.groups?.[key];
        return value !== undefined && Object.hasOwn(shares, value) ? value : undefined;
      };
      for (const [i, weight] of weights.entries()) {
        const value = groupOf(i);
        if (value !== undefined) sums.set(value, (sums.get(value) ?? 0) + weight);
      }
      const present = [...sums].filter(([, sum]) => sum > 0);
      const whole = present.reduce((total, [, sum]) => total + sum, 0);
      const asked = present.reduce((total, [value]) => total + shares[value]!, 0);
      for (const i of weights.keys()) {
        const value = groupOf(i);
        const sum = value === undefined ? 0 : sums.get(value)!;
        if (sum > 0) weights[i]! *= ((shares[value!]! / asked) * whole) / sum;
      }
    }
  }
  return examples.map((example, i) => {
    const factor = start[i]! > 0 ? weights[i]! / start[i]! : 1;
    return { ...example, share: (example.share ?? 1) * factor };
  });
}
