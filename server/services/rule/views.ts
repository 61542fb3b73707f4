// What the procedures return about rules and their hits.
import type { OUTPUT_ACTIONS } from '@/core/constraints/rule';
import type { Rule, RuleKind } from '@/core/constraints/rules';
import type { Span } from '@/core/constraints/scanner';
import type { NoVerdict } from '@/core/errors';

/** What a person is told about a text on which a rule acted. */
export interface NoticeView {
  effect: 'masked' | 'blocked' | 'rewritten';
  kind: RuleKind;
  /** The rule's own sentence in place of the standard one. */
  message: string | null;
  /** The rule gave no verdict, which it counts as a hit. */
  isUnjudged: boolean;
}

/** Texts with a hit, out of all. */
export interface HitRateView {
  hits: number;
  of: number;
}

export interface RuleView {
  id: string;
  /** null if the product no longer understands its settings. */
  rule: Rule | null;
  isRemoved: boolean;
  changedAt: Date;
  /** null is the product itself, or someone whose account is gone. */
  author: string | null;
  /** Of the last seven days, without the hits that admins marked as false and those without a verdict. */
  answers: HitRateView;
  messages: HitRateView;
}

export interface RuleListView {
  setVersion: number;
  rules: RuleView[];
  removed: RuleView[];
}

export interface RuleVersionView {
  version: number;
  isRemoved: boolean;
  /** The version whose settings it put in force again. */
  restores: number | null;
  createdAt: Date;
  author: string | null;
  /** The settings that differ from those of the version before. */
  changed: string[];
  rule: Rule | null;
}

/** A part of a text with the hit in it. */
export interface ExcerptView extends Span {
  text: string;
  isCutBefore: boolean;
  isCutAfter: boolean;
}

export interface HitView {
  id: string;
  scope: 'input' | 'output';
  action: (typeof OUTPUT_ACTIONS)[number] | null;
  ruleVersion: number | null;
  /** The version that wrote the answer; null for a person's message. */
  versionId: string | null;
  /** It is in a sample that nobody saw. */
  isGivenUp: boolean;
  /** No verdict came. */
  isUnjudged: boolean;
  excerpt: ExcerptView;
  createdAt: Date;
  falseMark: { at: Date; by: string | null } | null;
}

export interface FalseMarkView {
  ruleId: string;
  /**
   * Whether its sentence is an example now, of what the rule must not hit: all of it, or what an example has room for;
   * `long` if the rule does not hit so short a part, `none` if nothing is known of it, or nothing was to be added.
   */
  example: 'whole' | 'cut' | 'long' | 'none';
  /** The version of the rule that the mark wrote. */
  version: number | null;
}

export interface HitPageView {
  items: HitView[];
  nextCursor: string | null;
  /** Hits whose texts admins may not read. */
  hidden: number;
}

/** What a rule finds; null if the rule gave no verdict. */
export interface TrialView {
  examples: (Span[] | null)[];
  /** For each example, why its server gave no verdict; null if it gave one, or no server was asked. */
  reasons: (NoVerdict | null)[];
  text: Span[] | null;
}

export interface PreviewView {
  what: 'answers' | 'messages';
  /** How many were judged. */
  texts: number;
  /** Texts with a hit of the rule in force; null if there is none. */
  before: number | null;
  /** Texts with a hit of the rule as it would be. */
  after: number;
  /** Texts without a verdict. */
  failed: number;
  /** False if time ran out. */
  isComplete: boolean;
  /** Some that only the change hits, and some that it no longer hits. */
  added: ExcerptView[];
  removed: ExcerptView[];
}
