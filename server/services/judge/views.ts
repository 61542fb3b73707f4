// What the procedures of judges return; a key never leaves the server.

import type { FeedbackValue } from '@/core/feedback/kinds';
import type { Principle } from '@/core/judging/constitution';
import type { JudgeFault, JudgeFigures } from '@/core/judging/figures';
import type { EndpointLimits, LabelKind } from '@/core/judging/judge';
import type { JudgeWords, judge, judgeLabel } from '@/db/schema';

export interface ConstitutionView {
  version: number;
  principles: Principle[];
  restores: number | null;
  createdAt: Date;
  author: string | null;
}

export interface JudgeView {
  id: string;
  name: string;
  raterId: string;
  kind: 'local' | 'endpoint';
  model: string;
  labels: LabelKind[];
  endpoint: {
    url: string;
    hasKey: boolean;
    givesLogprobs: boolean;
    limits: EndpointLimits;
    spent: number;
    calls: number;
    promptTokens: number;
    completionTokens: number;
  } | null;
  activity: (typeof judge.$inferSelect)['activity'];
  done: number;
  total: number;
  trouble: (typeof judge.$inferSelect)['trouble'];
  /** Newest first. */
  measurements: {
    constitutionVersion: number;
    figures: JudgeFigures;
    faults: JudgeFault[];
    price: number;
    createdAt: Date;
  }[];
  /** It was measured by the principles in force, and no figure is outside of its limit. */
  mayLabel: boolean;
  labelled: number;
}

export interface JudgesView {
  constitutionVersion: number | null;
  judges: JudgeView[];
}

export interface JudgeLabelView {
  id: number;
  judgeName: string;
  model: string;
  kind: LabelKind;
  constitutionVersion: number;
  feedbackId: string | null;
  value: FeedbackValue | null;
  missing: (typeof judgeLabel.$inferSelect)['missing'];
  said: JudgeWords;
  price: number;
  createdAt: Date;
}
