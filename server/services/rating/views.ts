// What the procedures of the rating workplace return.

import type { Question } from '@/core/feedback/questionnaire';
import type { TaskAnswer, TaskKind } from '@/core/feedback/task-answers';
import type { PlaceRange } from '@/core/statistics/places';
import type { Interval } from '@/core/statistics/statistics';
import type { Standing } from '@/core/trust/standing';

export interface GuidelineView {
  version: number;
  /** Markdown by language. */
  text: { en: string; ja: string };
  createdAt: Date;
}

export interface QuestionnaireView {
  id: string;
  name: string;
  version: number;
  questions: Question[];
  isForChat: boolean;
  createdAt: Date;
  retiredAt: Date | null;
}

/** A task as its rater sees it: nothing in it tells a check or a repeat from any other, or who wrote what. */
export interface RatingTaskView {
  assignmentId: string;
  kind: TaskKind;
  /** The kind of the answer, which for a disagreement is that of the task on which raters disagreed. */
  answerKind: TaskAnswer['kind'];
  prompt: { role: 'user' | 'assistant'; content: string }[];
  /** The completions in the order in which this rater sees them. */
  completions: string[];
  /** Where personal data is hidden: an answer that the rater edits is shown as it is. */
  hiding: 'nothing' | 'all' | 'all_but_edited';
  questions: Question[] | null;
  guideline: Omit<GuidelineView, 'createdAt'> | null;
  /** The answer of another rater that is under review. */
  written: string | null;
  /** What the raters who disagree said. */
  votes: { answer: TaskAnswer; comment: string | null }[] | null;
  lockedUntil: Date;
  /** What the rater has answered, when going back to it. */
  given: { answer: TaskAnswer; comment: string | null } | null;
}

/** A mean agreement in [0, 1] over `count` pairs of answers. */
export interface AgreementView extends Interval {
  mean: number;
  count: number;
}

/** Answered tasks; `today` began when the rater's own day did. */
export interface RaterCountsView {
  done: number;
  doneToday: number;
}

export interface RaterProgressView extends RaterCountsView {
  skipped: number;
  /** Tasks that this rater could get now. */
  open: number;
  /** The median time of an answer, by kind. */
  medianSeconds: { kind: TaskKind; seconds: number; count: number }[];
  withTruth: AgreementView | null;
  withOthers: AgreementView | null;
  withSelf: AgreementView | null;
  /** Best first; other raters have no names here. */
  leaderboard: (LeaderView & { isMe: boolean })[];
}

export interface LeaderView {
  /** In the list. */
  rank: number;
  /** The places that the agreement's interval leaves open; null for who has answered nothing. */
  place: PlaceRange | null;
  withOthers: AgreementView | null;
  done: number;
  /** Share of the tasks on which this rater has worked. */
  coverage: number;
}

export interface RaterView extends LeaderView {
  id: string;
  name: string;
  skipped: number;
  withTruth: AgreementView | null;
  withSelf: AgreementView | null;
  medianSeconds: number | null;
  lastAt: Date | null;
  standing: Standing | null;
  standingReason: string | null;
}

export interface TaskListView {
  items: {
    id: string;
    kind: TaskKind;
    prompt: string;
    completions: number;
    needed: number;
    done: number;
    skipped: number;
    isCheck: boolean;
    isWaitingForAnswers: boolean;
    priority: number;
    isClosed: boolean;
    createdAt: Date;
  }[];
  nextCursor: string | null;
}

export interface PromptSetView {
  id: string;
  name: string;
  createdAt: Date;
  prompts: number;
  checks: number;
  tasks: number;
  waitingForAnswers: number;
}

export interface DisagreementView {
  taskId: string;
  kind: TaskAnswer['kind'];
  prompt: string;
  completions: string[];
  questions: Question[] | null;
  votes: { answer: TaskAnswer; comment: string | null; rater: string }[];
  createdAt: Date;
}
