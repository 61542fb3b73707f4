// The groups of some feedback whose weights rise with their losses: who is in which, and what each of them lost.
import type { GroupRobustConfig } from '@/core/config/reward';
import { AttuneError } from '@/core/errors';
import { groupBy } from '@/core/group-by';
import { foldSmall } from '@/core/statistics/fold';
import { type GroupSum, type JudgedGroup, nextGroupWeights } from '@/trainer/math/group-weights';
import { lossOfEach } from '@/trainer/math/loss/feedback';
import { completionsOf, personOf, type RewardExample, weightIn } from '@/trainer/math/reward-examples';
import type { Metrics } from '@/trainer/runs/store';
import type { Feedback } from './feedback';

export interface GroupObjective {
  settings: GroupRobustConfig;
  /** `language=de`; `rest` are those of small groups and of none. */
  groups: (JudgedGroup & { name: string })[];
  placeOf(example: RewardExample): number;
}

/** Groups of few people are put together, as on every page. Null if there are not two groups to choose between. */
export function readGroups(
  train: readonly RewardExample[],
  settings: GroupRobustConfig,
  { raters, signals, scales, biasCount }: Feedback,
): GroupObjective | null {
  const { key, leastExamples } = settings;
  const groupIn = ({ groups }: RewardExample) => (groups && Object.hasOwn(groups, key) ? groups[key] : undefined);
  const believed = train.filter((example) => weightIn(example) > 0);
  const members = believed.map((example, at) => ({ person: personOf(example, at), value: groupIn(example) }));
  const values = foldSmall(groupBy(members, ({ value = '' }) => value))
    .flatMap(({ value, items }) => (value && items.length >= leastExamples ? [value] : []))
    .sort();
  const places = new Map<string | undefined, number>(values.map((value, place) => [value, place]));
  const placeIn = (example: RewardExample) => places.get(groupIn(example)) ?? values.length;
  const hasRest = believed.some((example) => placeIn(example) === values.length);
  const names = [...values.map((value) => `${key}=${value}`), ...(hasRest ? ['rest'] : [])];
  if (names.length < 2) return null;
  // An example that is not believed has no weight in any group.
  const placeOf = (example: RewardExample) => Math.min(placeIn(example), names.length - 1);
  const zeros = new Float32Array(believed.reduce((sum, example) => sum + completionsOf(example).length, 0));
  const atZero = { raters, signals, scales, biases: new Float64Array(biasCount), centering: 0 };
  const sums = sumByGroup({ groups: names, placeOf }, believed, lossOfEach(believed, zeros, atZero));
  const whole = sums.reduce((sum, { weight }) => sum + weight, 0);
  const groups = names.map((name, g) => ({
    name,
    share: sums[g]!.weight / whole,
    examples: believed.filter((example) => placeOf(example) === g).length,
    chanceLoss: sums[g]!.loss / sums[g]!.weight,
  }));
  return { settings, groups, placeOf };
}

/** Throws BAD_INPUT if no feedback has the key, which is likely a slip. */
export function refuseUnknownKey(examples: readonly RewardExample[], { key }: GroupRobustConfig): void {
  const known = new Set(examples.flatMap(({ groups }) => Object.keys(groups ?? {})));
  if (known.has(key)) return;
  const keys = known.size ? `its groups are ${[...known].sort().join(', ')}` : 'it has no groups at all';
  throw new AttuneError(
    'BAD_INPUT',
    `groupRobust.key is ${JSON.stringify(key)}, which no feedback has: ${keys}. Name one of them, or set groupRobust to null.`,
  );
}

/** `losses` are those of a weight of 1. */
export function sumByGroup(
  { groups, placeOf }: { groups: readonly unknown[]; placeOf(example: RewardExample): number },
  examples: readonly RewardExample[],
  losses: ArrayLike<number>,
): GroupSum[] {
  const sums = groups.map(() => ({ weight: 0, loss: 0 }));
  for (const [i, example] of examples.entries()) {
    const sum = sums[placeOf(example)]!;
    sum.weight += weightIn(example);
    sum.loss += weightIn(example) * losses[i]!;
  }
  return sums;
}

/** The weights after a batch that is this share of a pass over the feedback. */
export const afterBatch = (
  { groups, settings }: GroupObjective,
  weights: ArrayLike<number>,
  sums: readonly GroupSum[],
  passes: number,
): number[] => nextGroupWeights(weights, groups, sums, { ...settings, rate: settings.stepSize * passes });

/** By how much an example counts more than by number. */
export function groupFactor({ groups, placeOf }: GroupObjective, weights: ArrayLike<number>) {
  const factors = groups.map(({ share }, g) => weights[g]! / share);
  return (example: RewardExample): number => factors[placeOf(example)]!;
}

/** The relative loss of each group that these examples have. */
export const relativeLosses = ({ groups }: GroupObjective, sums: readonly GroupSum[]) =>
  groups.flatMap(({ name, chanceLoss }, g) => {
    const { weight, loss } = sums[g]!;
    return weight > 0 ? [{ name, loss: loss / weight / chanceLoss }] : [];
  });

export function groupMetrics(
  objective: GroupObjective,
  weights: ArrayLike<number>,
  sums: readonly GroupSum[],
): Metrics {
  return Object.fromEntries([
    ...objective.groups.map(({ name }, g) => [`group/${name}/weight`, weights[g]!]),
    ...relativeLosses(objective, sums).map(({ name, loss }) => [`group/${name}/loss`, loss]),
  ]);
}
