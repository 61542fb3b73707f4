// Questionnaires for people who answer them: which are open, and whether answers and marks fit what was asked.
import { desc, isNull } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { FeedbackValue } from '@/core/feedback/kinds';
import type { Question } from '@/core/feedback/questionnaire';
import { questionnaire } from '@/db/schema';
import type { Product } from '@/server/services/product';
import type { QuestionnaireView } from './views';

interface Asked {
  name: string;
  version: number;
  questions: Question[];
  retiredAt: Date | null;
}

/** Newest first; retired ones take no more answers and are left out. */
export async function openQuestionnaires({ db }: Product): Promise<QuestionnaireView[]> {
  const { id, name, version, questions, isForChat } = questionnaire;
  return db
    .select({ id, name, version, questions, isForChat })
    .from(questionnaire)
    .where(isNull(questionnaire.retiredAt))
    .orderBy(desc(questionnaire.createdAt), questionnaire.name);
}

export function checkAnswers(
  { questionnaireId, answers }: FeedbackValue<'questionnaire'>,
  asked: Asked | undefined,
): void {
  if (!asked) throw new AttuneError('NOT_FOUND', `There is no questionnaire ${questionnaireId}.`);
  if (asked.retiredAt) {
    throw new AttuneError(
      'CONFLICT',
      `The questionnaire "${asked.name}", version ${asked.version}, is no longer used; reload for the present one.`,
    );
  }
  for (const question of asked.questions) {
    const answer = Object.hasOwn(answers, question.id) ? answers[question.id] : undefined;
    if (answer === undefined)
      throw new AttuneError('BAD_INPUT', `The question "${question.id}" has no answer; give one.`);
    const wanted = wantedBy(question);
    if (!wanted.fits(answer))
      throw new AttuneError('BAD_INPUT', `The answer to "${question.id}" must be ${wanted.words}.`);
  }
  const stray = Object.keys(answers).find((id) => !asked.questions.some((question) => question.id === id));
  if (stray !== undefined)
    throw new AttuneError('BAD_INPUT', `The questionnaire "${asked.name}" has no question "${stray}"; leave it out.`);
}

function wantedBy({ kind, steps = 0, options = [] }: Question): { fits: (answer: unknown) => boolean; words: string } {
  switch (kind) {
    case 'flaw':
      return { fits: (answer) => typeof answer === 'boolean', words: 'true or false' };
    case 'scale':
      return {
        fits: (answer) => typeof answer === 'number' && answer >= 1 && answer <= steps,
        words: `a whole number from 1 to ${steps}`,
      };
    case 'choice':
      return {
        fits: (answer) => options.some(({ id }) => id === answer),
        words: options.map(({ id }) => `"${id}"`).join(' or '),
      };
  }
}

/** `text` is the answer as it is shown. */
export function checkFlaws({ flaws }: FeedbackValue<'flaws'>, text: string, open: readonly Asked[]): void {
  const known = new Set(
    open.flatMap(({ questions }) => questions.flatMap(({ id, kind }) => (kind === 'flaw' ? [id] : []))),
  );
  for (const { flaw, span } of flaws) {
    if (!known.has(flaw))
      throw new AttuneError('BAD_INPUT', `There is no flaw "${flaw}"; choose from ${[...known].join(', ')}.`);
    if (!span) continue;
    const { start, end } = span;
    if (end > text.length)
      throw new AttuneError('BAD_INPUT', `The mark ends at ${end}, but the answer has ${text.length} characters.`);
    if (isInsideCharacter(text, start) || isInsideCharacter(text, end))
      throw new AttuneError('BAD_INPUT', `The mark from ${start} to ${end} cuts a character in two; move it by one.`);
  }
}

/** Between the two halves of a surrogate pair. */
const isInsideCharacter = (text: string, at: number) =>
  /[\uD800-\uDBFF]/.test(text.charAt(at - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(at));
