// Turns one value of feedback and the answers that it is about into rows: one rule for each kind.
import type { FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import { STRENGTH_MARGINS } from '@/core/feedback/margin';
import { isReshaped } from '@/core/sampling';
import type { Completion } from '@/core/snapshot/snapshot';
import type { UnsplitRow } from '../snapshot';
import type { Flaws } from './flaws';
import type { Answer, GivenFeedback } from './selection';

export interface Subjects {
  answers: ReadonlyMap<string, Answer>;
  /** The ids of the prompt that ends with a message; null if the base cannot hold it. */
  promptOf(messageId: string): number[] | null;
  /** The ids of a text that a person wrote, with the end of the turn; null if the base cannot hold it. */
  encode(text: string): number[] | null;
  flaws: Flaws;
}

/** Whose a row is. */
export interface Origin {
  raterId: string;
  feedbackId: string;
  trust: number;
  isVouchedFor?: true;
  isByJudge?: true;
  groups: Record<string, string>;
}

type Distribute<Row> = Row extends unknown ? Omit<Row, keyof Origin> : never;
/** A row before it is known whose it is. */
export type Said = Distribute<Exclude<UnsplitRow, { kind: 'prompt' | 'generation' }>>;

/** Why feedback is left out, as `left-out.ts` words it; null if it was counted already. */
type LeftOut = 'unfinished' | 'empty' | 'other_prompt' | 'same_answer' | 'no_questions' | null;
type Rows = Said[] | LeftOut;

export function givenRows(given: GivenFeedback, subjects: Subjects): Rows {
  return KINDS[given.kind](given, subjects);
}

const valueIn = <Kind extends FeedbackKind>(given: GivenFeedback, _kind: Kind) => given.value as FeedbackValue<Kind>;

const KINDS: Record<FeedbackKind, (given: GivenFeedback, subjects: Subjects) => Rows> = {
  thumb: (given, subjects) =>
    ofAnswer(given, subjects, (answer) => {
      const { up } = valueIn(given, 'thumb');
      const { promptIds } = answer;
      const flaws = subjects.flaws.ofThumb(given);
      return [
        { kind: 'thumb', promptIds, answer: completionOf(answer), up },
        ...(flaws ? [{ kind: 'questionnaire' as const, promptIds, answerIds: answer.completionIds, ...flaws }] : []),
      ];
    }),
  comparison(given, { answers }) {
    const { choice, strength, safety } = valueIn(given, 'comparison');
    const [left, right] = [answers.get(given.left!), answers.get(given.right!)];
    if (!left || !right) return 'unfinished';
    const { promptIds } = left;
    if (promptIds.join() !== right.promptIds.join()) return 'other_prompt';
    if (!left.completionIds.length || !right.completionIds.length) return 'empty';
    if (left.completionIds.join() === right.completionIds.join() && choice !== 'both_bad') return 'same_answer';
    const margin = strength && { margin: STRENGTH_MARGINS[strength] };
    const sides = { left: completionOf(left), right: completionOf(right) };
    return [{ kind: 'comparison', promptIds, ...sides, choice, ...margin, ...(safety && { safety }) }];
  },
  best_of(given, { answers }) {
    const { generationIds, best } = valueIn(given, 'best_of');
    const ranks = generationIds.map((id) => (id === best ? 0 : 1));
    const found = compared(generationIds, ranks, answers);
    if (typeof found === 'string') return found;
    return [{ kind: 'best_of', promptIds: found.promptIds, answers: found.answers, best: 0 }];
  },
  ranking(given, { answers }) {
    const { order } = valueIn(given, 'ranking');
    const ranks = order.flatMap((tied, rank) => tied.map(() => rank));
    const found = compared(order.flat(), ranks, answers);
    return typeof found === 'string' ? found : [{ kind: 'ranking', ...found }];
  },
  rating: (given, subjects) =>
    ofAnswer(given, subjects, ({ promptIds, completionIds }) => {
      const { rating } = valueIn(given, 'rating');
      return [{ kind: 'rating', promptIds, answerIds: completionIds, value: rating }];
    }),
  questionnaire: (given, subjects) =>
    ofAnswer(given, subjects, ({ promptIds, completionIds }) => {
      const said = subjects.flaws.answered(valueIn(given, 'questionnaire'));
      return said ? [{ kind: 'questionnaire', promptIds, answerIds: completionIds, ...said }] : 'no_questions';
    }),
  flaws: (given, subjects) =>
    ofAnswer(given, subjects, ({ promptIds, completionIds }) => {
      const said = subjects.flaws.named(valueIn(given, 'flaws'));
      return said ? [{ kind: 'questionnaire', promptIds, answerIds: completionIds, ...said }] : 'no_questions';
    }),
  correction: (given, subjects) =>
    ofAnswer(given, subjects, ({ promptIds, completionIds }) => {
      const correctedIds = subjects.encode(valueIn(given, 'correction').text);
      if (!correctedIds) return null;
      if (correctedIds.join() === completionIds.join()) return 'same_answer';
      return [{ kind: 'correction', promptIds, originalIds: completionIds, correctedIds }];
    }),
  demonstration(given, { encode, promptOf }) {
    const answerIds = encode(valueIn(given, 'demonstration').text);
    const promptIds = answerIds && promptOf(given.messageId!);
    return promptIds && [{ kind: 'demonstration', promptIds, answerIds }];
  },
  implicit: (given, subjects) =>
    ofAnswer(given, subjects, ({ promptIds, completionIds }) => {
      const { copied = false, regenerated = false, abandoned = false, dwellMs } = valueIn(given, 'implicit');
      const signals = { copied, regenerated, abandoned, ...(dwellMs !== undefined && { dwellMs }) };
      return [{ kind: 'implicit', promptIds, answerIds: completionIds, ...signals }];
    }),
};

function ofAnswer({ generationId }: GivenFeedback, { answers }: Subjects, rowsOf: (answer: Answer) => Rows): Rows {
  const answer = answers.get(generationId!);
  if (!answer) return 'unfinished';
  return answer.completionIds.length === 0 ? 'empty' : rowsOf(answer);
}

/** Different answers to one prompt, best first; of equal answers the best stays, and ranks have no gaps. */
function compared(ids: readonly string[], ranks: readonly number[], answers: ReadonlyMap<string, Answer>) {
  const found = ids.flatMap((id, i) => {
    const answer = answers.get(id);
    return answer ? [{ answer, rank: ranks[i]! }] : [];
  });
  if (found.length < ids.length) return 'unfinished';
  if (found.some(({ answer }) => answer.completionIds.length === 0)) return 'empty';
  const { promptIds } = found[0]!.answer;
  if (found.some(({ answer }) => answer.promptIds.join() !== promptIds.join())) return 'other_prompt';
  const different = new Map<string, { answerIds: number[]; rank: number }>();
  for (const { answer, rank } of found.toSorted((a, b) => a.rank - b.rank)) {
    const key = answer.completionIds.join();
    if (!different.has(key)) different.set(key, { answerIds: answer.completionIds, rank });
  }
  if (different.size < 2) return 'same_answer';
  const kept = [...different.values()];
  const steps = [...new Set(kept.map(({ rank }) => rank))];
  return {
    promptIds,
    answers: kept.map(({ answerIds }) => answerIds),
    ranks: kept.map(({ rank }) => steps.indexOf(rank)),
  };
}

const completionOf = (answer: Answer): Completion => ({
  generationId: answer.id,
  versionId: answer.versionId,
  ids: answer.completionIds,
  propensity: answer.propensity,
  isTruncated: isReshaped(answer.sampling),
});
