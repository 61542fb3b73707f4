// What the procedures return about feedback: given, listed, traced, and what it taught.

import type { GateResult } from '@/core/artifact/manifest';
import type { RunStatus, VersionStatus } from '@/core/contract';
import type { FeedbackSubject } from '@/core/feedback/feedback';
import type { FEEDBACK_SOURCES, FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import type { Question } from '@/core/feedback/questionnaire';
import type { Statement } from '@/core/verdict';
import type { comparison } from '@/db/schema';

export interface QuestionnaireView {
  id: string;
  name: string;
  version: number;
  questions: Question[];
  /** Its flaws are those that the chat offers. */
  isForChat: boolean;
}

export type GivenView = {
  [Kind in FeedbackKind]?: { id: string; value: FeedbackValue<Kind>; comment: string | null };
};

export interface FlawView {
  id: string;
  text: { en: string; ja: string };
}

export interface JudgedAnswerView {
  generationId: string;
  /** null for a text that was uploaded. */
  versionId: string | null;
  text: string;
  /** It won, alone or with others. */
  isPreferred: boolean;
}

export interface GivenFeedbackView {
  id: string;
  kind: FeedbackKind;
  value: FeedbackValue;
  comment: string | null;
  source: (typeof FEEDBACK_SOURCES)[number];
  createdAt: Date;
  updatedAt: Date;
  rater: { id: string; name: string; isGuest: boolean; isBanned: boolean };
  /** When the chat's owner allowed training, if that was after the chat began. */
  consentedLater: Date | null;
  /** The message that was answered. */
  question: string;
  /** Left and right of a comparison, as shown; none for an answer that the person wrote. */
  answers: JudgedAnswerView[];
  /** What a questionnaire asked, and the quality that follows from the answers; null for other kinds. */
  questionnaire: { name: string; version: number; questions: Question[]; quality: number | null } | null;
  /** Why it is not in training and statistics. `by` is the admin's name, or null. */
  excluded: { at: Date; by: string | null; reason: string | null } | null;
}

export interface LearnerView {
  versionId: string;
  runId: string;
  status: VersionStatus;
  createdAt: Date;
  /** When it first became the champion. */
  championSince: Date | null;
  isChampion: boolean;
}

export type OwnFeedbackView = FeedbackSubject & {
  id: string;
  value: FeedbackValue;
  comment: string | null;
  source: (typeof FEEDBACK_SOURCES)[number];
  createdAt: Date;
  updatedAt: Date;
  /** null if the chat is another person's. */
  conversationId: string | null;
  /** The beginning of the message that was answered; empty when it may no longer be read. */
  question: string;
  /** The beginnings of the judged answers. */
  answers: { generationId: string; text: string }[];
  /** How the answers of a comparison were shown; null for other kinds. */
  pairSource: (typeof comparison.$inferSelect)['source'] | null;
  canChange: boolean;
  /** It was taken out of training. */
  isExcluded: boolean;
  /** Why no snapshot takes it, now and later; null if one may. */
  keptOut: 'withheld' | 'excluded' | 'banned' | null;
  /** Oldest first. */
  learnedBy: LearnerView[];
};

export interface OwnFeedbackPageView {
  items: OwnFeedbackView[];
  nextCursor: string | null;
}

export interface FeedbackHistoryView {
  /** null where it was withdrawn. */
  value: FeedbackValue | null;
  comment: string | null;
  at: Date;
}

export interface FeedbackTraceView {
  id: string;
  kind: FeedbackKind;
  createdAt: Date;
  updatedAt: Date;
  /** The chat's owner allows training. */
  isConsented: boolean;
  isExcluded: boolean;
  snapshots: {
    id: string;
    sha256: string;
    frozenUpTo: Date;
    /** Where the vote stands in the file, from 1; null if the file is gone, names no votes, or was blanked there. */
    lines: number[] | null;
    /** Lines that were blanked since because people withdrew what they held. */
    blankedLines: number;
    runs: {
      id: string;
      status: RunStatus;
      verdict: string | null;
      statements: Statement[] | null;
      finishedAt: Date | null;
      /** `hasLearned`: from this vote; false if it was held out to judge, or its rater was not believed. */
      version: (LearnerView & { hasLearned: boolean; gates: GateResult[] }) | null;
    }[];
  }[];
}

export interface ContributionsView {
  versionId: string;
  snapshotId: string | null;
  frozenUpTo: Date | null;
  /** Of the votes that it learned from. */
  people: number;
  /** Those that it learned from by kind, without those that were taken back since. */
  votes: Partial<Record<FeedbackKind, number>>;
  /** Rows of the snapshot by kind and split, as they were frozen. */
  rows: Record<string, number>;
}

export interface FeedbackPageView {
  items: GivenFeedbackView[];
  nextCursor: string | null;
  /** How much feedback of the same kind, version and mark admins cannot read: its conversations are kept out of training. */
  hidden: number;
}
