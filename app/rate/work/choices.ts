// What a task asks, as a list of buttons with keys: each says what the answer would be after pressing it.

import type { AnswerData, TaskData } from '@/app/rate/types';
import { type FeedbackValue, HIGHEST_RATING } from '@/core/feedback/kinds';

export interface ChoiceButton {
  key: string;
  /** Key of a sentence of `rate.choices`, or the text itself. */
  label: { name: string; values?: Record<string, number> };
  isChosen: boolean;
  /** The answer after pressing the button; null if it takes everything back. */
  next: AnswerData | null;
}

const STEPS = [
  ['1', 'leftMuch', { choice: 'left', strength: 'much' }],
  ['2', 'leftSomewhat', { choice: 'left', strength: 'somewhat' }],
  ['3', 'leftSlightly', { choice: 'left', strength: 'slightly' }],
  ['4', 'same', { choice: 'tie' }],
  ['5', 'rightSlightly', { choice: 'right', strength: 'slightly' }],
  ['6', 'rightSomewhat', { choice: 'right', strength: 'somewhat' }],
  ['7', 'rightMuch', { choice: 'right', strength: 'much' }],
  ['0', 'bothBad', { choice: 'both_bad' }],
] as const satisfies [string, string, FeedbackValue<'comparison'>][];

/** Empty for kinds that are answered in a text or a questionnaire. */
export function choicesOf(
  { answerKind, completions }: { answerKind: TaskData['answerKind']; completions: readonly string[] },
  answer: AnswerData | null,
): ChoiceButton[] {
  if (answerKind === 'compare')
    return STEPS.map(([key, name, value]) => ({
      key,
      label: { name },
      isChosen:
        answer?.kind === 'compare' &&
        answer.value.choice === value.choice &&
        answer.value.strength === ('strength' in value ? value.strength : undefined),
      next: { kind: 'compare', value },
    }));
  if (answerKind === 'rate')
    return Array.from({ length: HIGHEST_RATING }, (_, at) => ({
      key: String((at + 1) % 10),
      label: { name: 'rating', values: { rating: at + 1 } },
      isChosen: answer?.kind === 'rate' && answer.value.rating === at + 1,
      next: { kind: 'rate', value: { rating: at + 1 } },
    }));
  if (answerKind === 'review')
    return [true, false].map((accept, at) => ({
      key: String(at + 1),
      label: { name: accept ? 'accept' : 'reject' },
      isChosen: answer?.kind === 'review' && answer.value.accept === accept,
      next: { kind: 'review', value: { accept } },
    }));
  if (answerKind !== 'rank') return [];
  const order = answer?.kind === 'rank' ? answer.value.order : [];
  return [
    ...completions.map((_, at): ChoiceButton => {
      const place = order.findIndex((group) => group.includes(at));
      return {
        key: String(at + 1),
        label:
          place < 0
            ? { name: 'answer', values: { number: at + 1 } }
            : { name: 'placed', values: { number: at + 1, place: place + 1 } },
        isChosen: place >= 0,
        next: place < 0 ? rank([...order, [at]]) : answer,
      };
    }),
    { key: '=', label: { name: 'joinTie' }, isChosen: false, next: order.length > 1 ? rank(joinLast(order)) : answer },
    { key: '0', label: { name: 'clear' }, isChosen: false, next: null },
  ];
}

const rank = (order: number[][]): AnswerData => ({ kind: 'rank', value: { order } });

/** The completion placed last is as good as the one before it. */
const joinLast = (order: number[][]): number[][] => [...order.slice(0, -2), order.slice(-2).flat()];

/** Whether the answer says all that the task asks. */
export function isComplete({ answerKind, completions, questions }: TaskData, answer: AnswerData | null): boolean {
  if (answerKind === 'questionnaire') {
    const answers = answer?.kind === 'questionnaire' ? answer.value.answers : {};
    return (questions ?? []).every(({ id }) => answers[id] !== undefined);
  }
  if (!answer) return false;
  if (answer.kind === 'rank') return answer.value.order.flat().length === completions.length;
  return answer.kind === 'write' || answer.kind === 'correct' ? answer.value.text.trim() !== '' : true;
}
