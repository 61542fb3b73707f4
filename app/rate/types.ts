// The API's types that the pages of raters pass around.
import type { RouterInputs, RouterOutputs } from '@/server/routers';

export type TaskData = NonNullable<RouterOutputs['rating']['claim']>;
export type AnswerData = RouterInputs['rating']['answer']['answer'];
export type ProgressData = RouterOutputs['rating']['progress'];
export type Agreement = ProgressData['withOthers'];
export type SkipReason = RouterInputs['rating']['skip']['reason'];
/** A question of a questionnaire. */
export type QuestionData = NonNullable<TaskData['questions']>[number];
