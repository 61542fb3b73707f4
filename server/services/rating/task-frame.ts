// Turns a rater's answer from the order in which that rater saw the completions to the order of the task, and back.
import { AttuneError } from '@/core/errors';
import type { FeedbackValue } from '@/core/feedback/kinds';
import type { TaskAnswer } from '@/core/feedback/task-answers';

/** An answer as it is stored: sides are those of the task's pair, and a ranking names completions by id. */
export type StoredAnswer =
  | Exclude<TaskAnswer, { kind: 'rank' | 'questionnaire' }>
  | { kind: 'rank'; value: FeedbackValue<'ranking'> }
  | { kind: 'questionnaire'; value: FeedbackValue<'questionnaire'> };

interface Frame {
  /** The task's completions, and the same in the order in which the rater saw them. */
  generationIds: readonly string[];
  shown: readonly string[];
  questionnaireId: string | null;
}

const OPPOSITE = { left: 'right', right: 'left', tie: 'tie', both_bad: 'both_bad' } as const;

export function toStored(answer: TaskAnswer, frame: Frame): StoredAnswer {
  if (answer.kind === 'compare') return { kind: 'compare', value: turn(answer.value, frame) };
  if (answer.kind === 'questionnaire')
    return { kind: 'questionnaire', value: { questionnaireId: frame.questionnaireId!, ...answer.value } };
  if (answer.kind !== 'rank') return answer;
  const places = answer.value.order.flat();
  const isComplete = new Set(places).size === frame.shown.length && places.length === frame.shown.length;
  if (!isComplete || places.some((place) => place >= frame.shown.length))
    throw new AttuneError('BAD_INPUT', `order must name each of the ${frame.shown.length} completions once.`);
  return {
    kind: 'rank',
    value: { order: answer.value.order.map((group) => group.map((place) => frame.shown[place]!)) },
  };
}

export function toShown(stored: StoredAnswer, frame: Frame): TaskAnswer {
  if (stored.kind === 'compare') return { kind: 'compare', value: turn(stored.value, frame) };
  if (stored.kind === 'questionnaire') return { kind: 'questionnaire', value: { answers: stored.value.answers } };
  if (stored.kind !== 'rank') return stored;
  const order = stored.value.order.map((group) => group.map((id) => frame.shown.indexOf(id)));
  return { kind: 'rank', value: { order } };
}

/** Swaps the sides if the rater saw them the other way round; turning twice gives the first value. */
function turn(value: FeedbackValue<'comparison'>, { generationIds, shown }: Frame): FeedbackValue<'comparison'> {
  return generationIds[0] === shown[0] ? value : { ...value, choice: OPPOSITE[value.choice] };
}
