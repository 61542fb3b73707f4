// Fits a questionnaire's weights to overall ratings: non-negative least squares, held near the weights it has.
//
// quality = sum of share * score over scales and choices (1 without any) - sum of weight * tick over flaws, as in
// quality.ts. The objective is sum (rating - quality)^2 + ridge * |w - w0|^2, for w >= 0 and shares that sum to 1. It is
// convex; coordinate descent with projection onto w >= 0 converges (Franc, Hlavac and Navara 2005).
import { type Answers, qualityOf, type ScoredQuestion } from './quality';

export interface RatedAnswers {
  answers: Answers;
  /** The overall rating of the same completion, 0 to 1. */
  rating: number;
}

export interface FittedWeights {
  /** By question id. */
  weights: Record<string, number>;
  /** Root of the mean squared difference between quality and rating, before and after. */
  errorBefore: number;
  errorAfter: number;
}

/** The weight of the condition that shares sum to 1, in samples. */
const SUM_PENALTY = 1e4;
const TOLERANCE = 1e-9;
const MOST_SWEEPS = 20_000;

/**
 * `ridge` is how many samples the present weights count for. A flaw's weight is at most 1. A sample that leaves a scale
 * or choice out is not used.
 */
export function fitQuestionWeights(
  questions: readonly ScoredQuestion[],
  samples: readonly RatedAnswers[],
  ridge: number,
): FittedWeights {
  const present = presentWeights(questions);
  const hasGraded = questions.some(({ kind }) => kind !== 'flaw');
  const rows = samples.flatMap(({ answers, rating }) => {
    const features = questions.map((question) => featureOf(question, answers));
    if (features.includes(null)) return [];
    return [{ features: features as number[], target: rating - (hasGraded ? 0 : 1) }];
  });
  if (hasGraded) {
    const root = Math.sqrt(SUM_PENALTY);
    rows.push({ features: questions.map(({ kind }) => (kind === 'flaw' ? 0 : root)), target: root });
  }
  const fitted = leastSquares(rows, present, ridge);
  const weights = questions.map((question, at) => ({ ...question, weight: Math.min(1, fitted[at]!) }));
  return {
    weights: Object.fromEntries(weights.map(({ id, weight }) => [id, weight])),
    errorBefore: errorOf(questions, samples),
    errorAfter: errorOf(weights, samples),
  };
}

/** The shares of scales and choices are scaled to sum to 1, as quality.ts takes their mean. */
function presentWeights(questions: readonly ScoredQuestion[]): number[] {
  const whole = questions.reduce((sum, { kind, weight }) => sum + (kind === 'flaw' ? 0 : weight), 0);
  return questions.map(({ kind, weight }) => (kind === 'flaw' || whole === 0 ? weight : weight / whole));
}

/** What the question's weight multiplies; null if a scale or choice is not answered. */
function featureOf(question: ScoredQuestion, answers: Answers): number | null {
  if (question.kind === 'flaw') return answers[question.id] === true ? -1 : 0;
  return qualityOf([{ ...question, weight: 1 }], answers);
}

function leastSquares(
  rows: readonly { features: number[]; target: number }[],
  present: readonly number[],
  ridge: number,
): number[] {
  const size = present.length;
  // Normal equations: A w = b with w >= 0.
  const a = present.map((_, i) =>
    present.map((_, j) => rows.reduce((sum, { features }) => sum + features[i]! * features[j]!, 0)),
  );
  const b = present.map(
    (own, i) => ridge * own + rows.reduce((sum, { features, target }) => sum + features[i]! * target, 0),
  );
  const w = present.map((own) => Math.max(0, own));
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let change = 0;
    for (let i = 0; i < size; i++) {
      const curvature = a[i]![i]! + ridge;
      if (curvature === 0) continue;
      const others = a[i]!.reduce((sum, value, j) => sum + (j === i ? 0 : value * w[j]!), 0);
      const next = Math.max(0, (b[i]! - others) / curvature);
      change = Math.max(change, Math.abs(next - w[i]!));
      w[i] = next;
    }
    if (change < TOLERANCE) break;
  }
  return w;
}

function errorOf(questions: readonly ScoredQuestion[], samples: readonly RatedAnswers[]): number {
  const errors = samples.map(({ answers, rating }) => (rating - (qualityOf(questions, answers) ?? 1)) ** 2);
  return Math.sqrt(errors.reduce((sum, error) => sum + error, 0) / Math.max(1, errors.length));
}
