// How far two people's answers to one rating task agree, from 0 (opposite) to 1 (the same).
import { type FeedbackValue, HIGHEST_RATING, LOWEST_RATING } from './kinds';
import { qualityOf, type ScoredQuestion } from './quality';

/** Below this mean over all pairs of raters, their answers contradict each other. */
const DISAGREEMENT = 0.5;

export interface Review {
  accept: boolean;
  reason?: string;
}

/** Answers that can be compared; what people write cannot. */
export type ComparableAnswer =
  | { kind: 'compare'; value: FeedbackValue<'comparison'> }
  | { kind: 'rate'; value: FeedbackValue<'rating'> }
  | { kind: 'rank'; value: FeedbackValue<'ranking'> }
  | { kind: 'questionnaire'; value: FeedbackValue<'questionnaire'>; questions: readonly ScoredQuestion[] }
  | { kind: 'review'; value: Review };

/**
 * Comparison: 0 for opposite sides, 1/2 if one of the two is "same" or "both bad". Rating: 1 less the distance over the
 * scale's length. Ranking: the share of pairs in the same order, where a tie on one side alone counts half.
 * Questionnaire: 1 less the difference in quality. Null if the two are not of one kind.
 */
export function agreementOf(one: ComparableAnswer, other: ComparableAnswer): number | null {
  if (one.kind === 'compare' && other.kind === 'compare') {
    if (one.value.choice === other.value.choice) return 1;
    return isSide(one.value.choice) && isSide(other.value.choice) ? 0 : 0.5;
  }
  if (one.kind === 'rate' && other.kind === 'rate')
    return 1 - Math.abs(one.value.rating - other.value.rating) / (HIGHEST_RATING - LOWEST_RATING);
  if (one.kind === 'rank' && other.kind === 'rank') return orderAgreement(one.value.order, other.value.order);
  if (one.kind === 'questionnaire' && other.kind === 'questionnaire') {
    const qualities = [one, other].map(({ questions, value }) => qualityOf(questions, value.answers) ?? 1);
    return 1 - Math.abs(qualities[0]! - qualities[1]!);
  }
  if (one.kind === 'review' && other.kind === 'review') return one.value.accept === other.value.accept ? 1 : 0;
  return null;
}

/** Whether the answers of different raters contradict each other on the whole. */
export function disagree(answers: readonly ComparableAnswer[]): boolean {
  const pairs = answers.flatMap((one, at) => answers.slice(at + 1).flatMap((other) => agreementOf(one, other) ?? []));
  return pairs.length > 0 && pairs.reduce((sum, agreement) => sum + agreement, 0) / pairs.length < DISAGREEMENT;
}

const isSide = (choice: string) => choice === 'left' || choice === 'right';

function orderAgreement(one: readonly (readonly string[])[], other: readonly (readonly string[])[]): number {
  const [first, second] = [placesOf(one), placesOf(other)];
  const ids = [...first.keys()].filter((id) => second.has(id));
  let [sum, count] = [0, 0];
  for (const [at, a] of ids.entries()) {
    for (const b of ids.slice(at + 1)) {
      const signs = [first, second].map((places) => Math.sign(places.get(a)! - places.get(b)!));
      sum += 1 - Math.abs(signs[0]! - signs[1]!) / 2;
      count++;
    }
  }
  return count > 0 ? sum / count : 1;
}

const placesOf = (order: readonly (readonly string[])[]) =>
  new Map(order.flatMap((group, place) => group.map((id) => [id, place] as const)));
