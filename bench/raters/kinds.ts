// What votes of each kind teach: a hidden preference over real answers, learnt from acts of one kind by the product's loss.
//
// The hidden preference is a linear reward of kept features, the one that people's real choices fit. An answer stands for
// its distance from the mean of its prompt's answers, brought to its own variance, so that any answers can be shown
// together; held-out accuracy is over the real pairs of the fold that is left out.
import { mean } from 'simple-statistics';
import { RewardModelConfig } from '@/core/config/reward';
import { hash32, Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { lossOfEach } from '@/trainer/math/loss/feedback';
import { sigmoid } from '@/trainer/math/loss/score';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { readFeedback } from '@/trainer/reward/feedback';
import { fit, type Solution } from '@/trainer/reward/probe/precision';
import { ACT_KINDS, type Act, type ActKind, type Answer, actOf } from './acts';
import type { CellInput } from './hostile';
import type { JudgedPair } from './pairs';
import { accuracyOf, dot, fitProbe } from './probe';

export interface KindWanted {
  kind: ActKind;
  acts: number;
  fold: number;
  seed: number;
}

export type KindCell = KindWanted & { accuracy: number };

export const ACTS = [100, 200, 400];
/** What the rater's minutes are compared in. */
const HALF_HOUR = 1800;
/** How often a careful rater's comparison is right. */
const CARE = 0.85;
/** Signals of behaviour say nothing alone: comparisons beside them, and the weight of a signal beside a vote. */
const BESIDE = { comparisons: 100, implicitWeight: 0.3 };
const PRECISIONS = [3000, 1000, 300];
const FOLDS = 3;
/** The precision of the prior with which real choices are fitted; the fit is the hidden preference. */
const HIDDEN_PRECISION = 3000;
/** Words a minute read silently (Brysbaert 2019) and typed (Dhakal et al. 2018), and tokens a word. */
const READS = 238;
const TYPES = 52;
const TOKENS_PER_WORD = 1.3;

/** What an act takes beside reading its answers: seconds to decide and press, and answers that are typed. */
const EFFORT: Record<ActKind | 'demonstration', { reads: number; seconds: number; types: number }> = {
  thumb: { reads: 1, seconds: 1, types: 0 },
  comparison: { reads: 2, seconds: 2, types: 0 },
  'comparison with strength': { reads: 2, seconds: 3, types: 0 },
  'best of 4': { reads: 4, seconds: 3, types: 0 },
  'ranking of 4': { reads: 4, seconds: 8, types: 0 },
  'rating 1-10': { reads: 1, seconds: 3, types: 0 },
  questionnaire: { reads: 1, seconds: 12, types: 0 },
  flaws: { reads: 1, seconds: 4, types: 0 },
  correction: { reads: 1, seconds: 2, types: 0.5 },
  implicit: { reads: 0, seconds: 0, types: 0 },
  demonstration: { reads: 0, seconds: 2, types: 1 },
};

export function secondsOf(kind: ActKind | 'demonstration', pairs: readonly JudgedPair[]): number {
  const tokens = mean(pairs.flatMap(({ comparison }) => [comparison.chosenIds.length, comparison.rejectedIds.length]));
  const minutes = (answers: number, wordsAMinute: number) => (answers * tokens) / TOKENS_PER_WORD / wordsAMinute;
  const { reads, seconds, types } = EFFORT[kind];
  return seconds + 60 * (minutes(reads, READS) + minutes(types, TYPES));
}

/** The last number of acts is what fits into half an hour. */
export const kindsInOrder = (
  pairs: readonly JudgedPair[],
  cells: readonly { fold: number; seed: number }[],
): KindWanted[] =>
  cells.flatMap(({ fold, seed }) =>
    ACT_KINDS.flatMap((kind) => {
      const timed = kind === 'implicit' ? [] : [Math.round(HALF_HOUR / secondsOf(kind, pairs))];
      return [...new Set([...ACTS, ...timed])].map((acts) => ({ kind, acts, fold, seed }));
    }),
  );

/** Weights of the hidden reward: scaled so that a careful rater is right on CARE of the comparisons. */
export function hiddenPreference(pairs: readonly JudgedPair[]): Float64Array {
  const votes = pairs.map(({ truth }, pair) => ({ pair, a: truth, b: 1 - truth }));
  const direction = fitProbe(pairs, votes, HIDDEN_PRECISION);
  const leads = pairs.map(({ features }) => Math.abs(dot(features, direction)));
  let [low, high] = [0, 100];
  while (high - low > 1e-6) {
    const scale = (low + high) / 2;
    if (mean(leads.map((lead) => sigmoid(scale * lead))) < CARE) low = scale;
    else high = scale;
  }
  return direction.map((weight) => weight * low);
}

export function runKindCell(
  { kind, acts, fold, seed }: KindWanted,
  { pairs, train, test, hidden }: Pick<CellInput, 'pairs' | 'train' | 'test'> & { hidden: Float64Array },
): KindCell {
  const rng = new Rng(hash32(seed, fold + 1000));
  const draw = (): Answer => {
    const side = (rng.uniform() < 0.5 ? 1 : -1) / Math.SQRT2;
    const features = pairs[train[rng.integer(train.length)]!]!.features.map((value) => side * value);
    return { features, reward: dot(features, hidden) };
  };
  const given = (own: ActKind, count: number) => Array.from({ length: count }, (_, i) => actOf(own, i, draw, rng));
  const all = given(kind, acts);
  if (kind === 'implicit') {
    for (const { example } of all) example.share = BESIDE.implicitWeight;
    all.push(...given('comparison', BESIDE.comparisons));
  }
  const solution = fitActs(all, seed);
  return {
    kind,
    acts,
    fold,
    seed,
    accuracy: accuracyOf(pairs, test, solution, ({ features }) => dot(features, hidden) > 0),
  };
}

/** The product's fit under the prior whose held-out loss is lowest, as for probes. */
function fitActs(acts: readonly Act[], seed: number): Float64Array {
  const config = { ...RewardModelConfig.parse({ seed }), probe: { precisions: PRECISIONS, folds: FOLDS } };
  const examples = acts.map(({ example }) => example);
  const feedback = readFeedback(examples, examples, config);
  const width = acts[0]!.answers[0]!.features.length;
  const withFeatures = <T>(
    own: readonly Act[],
    use: (features: ReturnType<typeof tf.tensor2d>, examples: RewardExample[]) => T,
  ): T => {
    const answers = own.flatMap(({ answers }) => answers);
    const values = new Float32Array(answers.length * width);
    for (const [i, { features }] of answers.entries()) values.set(features, i * width);
    const features = tf.tensor2d(values, [answers.length, width]);
    try {
      return use(
        features,
        own.map(({ example }) => example),
      );
    } finally {
      features.dispose();
    }
  };
  const order = new Rng(hash32(seed, -3)).shuffle([...acts.keys()]);
  const losses = PRECISIONS.map(() => 0);
  for (let fold = 0; fold < FOLDS; fold++) {
    const heldOut = order.flatMap((place, i) => (i % FOLDS === fold ? [acts[place]!] : []));
    const rest = order.flatMap((place, i) => (i % FOLDS === fold ? [] : [acts[place]!]));
    withFeatures(rest, (features, own) => {
      let solution: Solution | undefined;
      for (const [p, precision] of PRECISIONS.entries()) {
        solution = fit({ feedback, config }, features, own, precision, solution);
        losses[p]! += lossAt(heldOut, solution, width, { ...feedback, centering: config.centering });
      }
    });
  }
  const precision = PRECISIONS[losses.indexOf(Math.min(...losses))]!;
  return withFeatures(acts, (features, own) => fit({ feedback, config }, features, own, precision).slice(0, width));
}

function lossAt(
  acts: readonly Act[],
  solution: Solution,
  width: number,
  options: Omit<Parameters<typeof lossOfEach>[2], 'biases'>,
) {
  const weights = solution.slice(0, width);
  const scores = acts.flatMap(({ answers }) =>
    answers.map(({ features }) => dot(features, weights) + solution[width]!),
  );
  const examples = acts.map(({ example }) => example);
  const losses = lossOfEach(examples, scores, { ...options, biases: solution.subarray(width + 1) });
  return examples.reduce((sum, { share = 1 }, i) => sum + share * losses[i]!, 0);
}

/** Two-sided 95 % quantiles of Student's t by degrees of freedom, as far as these benches have cells. */
const T95 = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14];

function spread(values: readonly number[]) {
  const average = mean([...values]);
  const freedom = values.length - 1;
  if (freedom < 1) return { accuracy: round(average), error: null, cells: values.length };
  const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / freedom;
  const t = T95[Math.min(freedom, T95.length) - 1]!;
  return { accuracy: round(average), error: round(t * Math.sqrt(variance / values.length)), cells: values.length };
}
const round = (value: number) => Math.round(1000 * value) / 10;

/** Percent of held-out pairs ranked as the hidden preference does, plus or minus the half-width of a 95 % interval. */
export function summariseKinds(pairs: readonly JudgedPair[], cells: readonly KindCell[]) {
  const at = (kind: ActKind, acts: number) => {
    const own = cells.filter((cell) => cell.kind === kind && cell.acts === acts);
    return own.length ? spread(own.map(({ accuracy }) => accuracy)) : null;
  };
  const table = ACT_KINDS.map((kind) => {
    const seconds = secondsOf(kind, pairs);
    const acts = Math.round(HALF_HOUR / seconds);
    return {
      kind,
      seconds: Math.round(10 * seconds) / 10,
      ...Object.fromEntries(ACTS.map((count) => [`acts${count}`, at(kind, count)])),
      halfHour: kind === 'implicit' ? null : { acts, ...at(kind, acts) },
    };
  });
  return {
    kinds: {
      assumptions: {
        rightComparisons: CARE,
        beside: BESIDE,
        readWordsAMinute: READS,
        typedWordsAMinute: TYPES,
        effort: EFFORT,
      },
      table,
      demonstration: {
        seconds: Math.round(10 * secondsOf('demonstration', pairs)) / 10,
        note: 'teaches the policy by imitation; the reward model has no term for it',
      },
    },
  };
}
