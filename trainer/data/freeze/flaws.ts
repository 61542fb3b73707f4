// Knows what the flaws that people name weigh, and how to read a questionnaire's answers as a row.
import type { FeedbackValue } from '@/core/feedback/kinds';
import { qualityOf } from '@/core/feedback/quality';
import type { Question } from '@/core/feedback/questionnaire';
import type { UnsplitRow } from '../snapshot';
import type { GivenFeedback, selectQuestionnaires } from './selection';

type Questionnaire = Awaited<ReturnType<typeof selectQuestionnaires>>[number];
type Said = Pick<Extract<UnsplitRow, { kind: 'questionnaire' }>, 'flaws' | 'flawWeights' | 'quality' | 'isVolunteered'>;

export interface Flaws {
  /** The flaws that a person named unasked; null if nobody asks for any of them. */
  named(value: FeedbackValue<'flaws'>): Said | null;
  /** The flaws among the reasons of a thumb down; null if there are none, or the person has also ticked flaws. */
  ofThumb(given: GivenFeedback): Said | null;
  /** A questionnaire's answers; null if it is gone or nothing was answered. */
  answered(value: FeedbackValue<'questionnaire'>): Said | null;
}

/** `questionnaires` are newest first, and a flaw weighs what the newest that the chat offers says. */
export function flawsOf(questionnaires: readonly Questionnaire[], given: readonly GivenFeedback[]): Flaws {
  const byId = new Map(questionnaires.map((own) => [own.id, own]));
  const offered = questionnaires.filter(({ isForChat }) => isForChat);
  const weights = new Map(
    offered.toReversed().flatMap(({ questions }) => flawQuestions(questions).map(({ id, weight }) => [id, weight])),
  );
  const version = offered[0] && versionOf(offered[0]);
  const said = (ids: readonly string[]): Said | null => {
    const known = [...new Set(ids)].filter((id) => weights.has(id));
    if (!version || (known.length === 0 && ids.length > 0)) return null;
    return { flaws: known, flawWeights: { version, weights: Object.fromEntries(weights) }, isVolunteered: true };
  };
  const subjectOf = ({ userId, generationId }: GivenFeedback) => `${userId} ${generationId}`;
  const ticked = new Set(given.filter(({ kind }) => kind === 'flaws').map(subjectOf));
  return {
    named: ({ flaws }) => said(flaws.map(({ flaw }) => flaw)),
    ofThumb(thumb) {
      const { up, reasons } = thumb.value as FeedbackValue<'thumb'>;
      return up || reasons.length === 0 || ticked.has(subjectOf(thumb)) ? null : said(reasons);
    },
    answered({ questionnaireId, answers }) {
      const own = byId.get(questionnaireId);
      const quality = own ? qualityOf(own.questions, answers) : null;
      if (!own || quality === null) return null;
      const flaws = flawQuestions(own.questions);
      return {
        flaws: flaws.filter(({ id }) => answers[id] === true).map(({ id }) => id),
        flawWeights: {
          version: versionOf(own),
          weights: Object.fromEntries(flaws.map(({ id, weight }) => [id, weight])),
        },
        quality,
      };
    },
  };
}

const flawQuestions = (questions: readonly Question[]) => questions.filter(({ kind }) => kind === 'flaw');
const versionOf = ({ name, version }: Questionnaire) => `${name} ${version}`;
