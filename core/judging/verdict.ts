// Turns what a judge said in both orders into one label: the average, so that a leaning towards a place cancels.
import type { Choice, FeedbackValue } from '../feedback/kinds';
import { HIGHEST_RATING, LOWEST_RATING, STRENGTHS } from '../feedback/kinds';
import { STRENGTH_MARGINS } from '../feedback/margin';

/** One reading of a pair. */
export interface OrderVerdict {
  /** The pair's left answer was read first. */
  isLeftFirst: boolean;
  /** log p(first) - log p(second) of the verdict; null from an endpoint that gives words alone. */
  logOdds: number | null;
  choice: 'first' | 'second' | 'same';
  words: string;
}
export type BothOrders = readonly [OrderVerdict, OrderVerdict];

/** Above 0 for left. Without log-odds a word counts as 1. */
export function leanOf({ isLeftFirst, logOdds, choice }: OrderVerdict, isByOdds: boolean): number {
  const towardsFirst = isByOdds ? logOdds! : { first: 1, same: 0, second: -1 }[choice];
  return isLeftFirst ? towardsFirst : -towardsFirst;
}

const hasOdds = (orders: BothOrders) => orders.every(({ logOdds }) => logOdds !== null);

/** In logits if the judge gave them, otherwise from -1 to 1. */
export function meanLean(orders: BothOrders): number {
  const isByOdds = hasOdds(orders);
  return (leanOf(orders[0], isByOdds) + leanOf(orders[1], isByOdds)) / 2;
}

/** The orders favour different answers, so the place decided. */
export function isFlipped(orders: BothOrders): boolean {
  const isByOdds = hasOdds(orders);
  return leanOf(orders[0], isByOdds) * leanOf(orders[1], isByOdds) < 0;
}

/** The nearest of seven steps by the margins of the reward model; words alone give a side only where both orders do. */
export function labelOf(orders: BothOrders): FeedbackValue<'comparison'> {
  const lean = meanLean(orders);
  const size = Math.abs(lean);
  const choice: Choice = lean > 0 ? 'left' : 'right';
  if (!hasOdds(orders)) return size < 1 ? { choice: 'tie' } : { choice };
  const step = [...STRENGTHS].sort(
    (a, b) => Math.abs(STRENGTH_MARGINS[a] - size) - Math.abs(STRENGTH_MARGINS[b] - size),
  )[0]!;
  return size < STRENGTH_MARGINS[step] - size ? { choice: 'tie' } : { choice, strength: step };
}

/** -1 for right, 1 for left, 0 for neither. */
export function sideOf(orders: BothOrders): -1 | 0 | 1 {
  const { choice } = labelOf(orders);
  return choice === 'left' ? 1 : choice === 'right' ? -1 : 0;
}

/** What stands at the beginning of an endpoint's words; null if it gave no verdict. */
export function parseChoice(words: string): OrderVerdict['choice'] | null {
  const [, word] = /^[^\p{L}\p{N}]*(A|B|SAME)(?![\p{L}\p{N}])/iu.exec(words) ?? [];
  if (!word) return null;
  return ({ a: 'first', b: 'second', same: 'same' } as const)[word.toLowerCase() as 'a' | 'b' | 'same'];
}

/** The whole number at the beginning of an endpoint's words; null unless it is on the scale. */
export function parseRating(words: string): number | null {
  const [, digits] = /^[^\p{L}\p{N}-]*(\d{1,3})(?![\p{L}\p{N}]|\.\d)/u.exec(words) ?? [];
  const rating = Number(digits);
  return Number.isInteger(rating) && rating >= LOWEST_RATING && rating <= HIGHEST_RATING ? rating : null;
}

/** The mean of the scale under the probabilities of its numbers, which need not add up to 1. */
export function expectedRating(logprobs: readonly number[]): number {
  const most = Math.max(...logprobs);
  const weights = logprobs.map((logprob) => Math.exp(logprob - most));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight, at) => sum + weight * (LOWEST_RATING + at), 0) / all;
}
