// What the procedures of statistics return.
import type { FeedbackKind } from '@/core/feedback/kinds';
import type { PlaceRange } from '@/core/statistics/places';
import type { CONTROLS } from '@/core/statistics/ratings/style';
import type { Interval } from '@/core/statistics/statistics';
import type { Habit } from '@/core/trust/behaviours';
import type { TrustEvidence } from '@/core/trust/evidence';
import type { Standing } from '@/core/trust/standing';
import type { RateView, SideBySideView } from '@/server/rollout/metrics';
import type { GroupKey } from './group-votes';

/** A value with its 95 % interval. */
export interface EstimateView extends Interval {
  value: number;
}

export interface RankedVersionView {
  versionId: string;
  isChampion: boolean;
  /** Comparisons with other versions, and the people who made them. */
  votes: number;
  people: number;
  /** Bradley-Terry's rating; the mean of all is 1000, and 400 points are odds of 10 to 1. */
  rating: EstimateView;
  /** The places that the intervals leave open. */
  place: PlaceRange;
  /** So few votes that the rating says little. */
  isFew: boolean;
  elo: EstimateView;
  sideBySide: SideBySideView;
  thumbs: RateView;
  /** Share of thumbs up minus the champion's; null for the champion, and where one of the two has no thumbs. */
  thumbsLead: EstimateView | null;
}

export interface VersionPairView {
  a: string;
  b: string;
  wins: number;
  losses: number;
  ties: number;
  /** Share of the decided votes that a won; an interval that may be read at any time. */
  winRate: EstimateView;
  /** The same with a tie as half a win. */
  score: EstimateView;
}

export interface LeaderboardView {
  /** Best first. */
  versions: RankedVersionView[];
  pairs: VersionPairView[];
  /** What the ratings were freed of, in logits for a typical difference. */
  effects: (EstimateView & { name: (typeof CONTROLS)[number] })[];
  votes: number;
  people: number;
  /** Older votes than these were left out. */
  isTruncated: boolean;
  /** When it was counted; null if just now. */
  countedAt: Date | null;
}

export interface TestView {
  /** A p-value that stays valid however often it is read. */
  chance: number;
  /** The vote at which it was too surprising for chance; null if it never was. */
  rejectedAt: number | null;
}

export interface KindTrustView extends Omit<TrustEvidence, 'tests'> {
  kind: FeedbackKind;
  /** The factor of the person's votes in statistics and in the next snapshot, -1 to 1, with an admin's word. */
  weight: number;
  /** The same without it. */
  weightByEvidence: number;
  /** Chance that a vote is right. */
  reliability: EstimateView;
  habit: Habit | null;
  tests: Record<keyof TrustEvidence['tests'], TestView>;
}

export interface PersonTrustView {
  id: string;
  name: string;
  standing: Standing | null;
  standingReason: string | null;
  /** Names of people who vote the same beyond what the items explain. */
  partners: string[];
  kinds: KindTrustView[];
}

export interface TrustOverviewView {
  /** Least trusted first. */
  people: PersonTrustView[];
  /** People who are not shown. */
  more: number;
  /** When it was counted; null if just now. */
  countedAt: Date | null;
}

export interface KindAgreementView {
  kind: 'compare' | 'rate' | 'review';
  /** Tasks that two raters or more answered. */
  tasks: number;
  raters: number;
  /** Krippendorff's alpha; null where it has no meaning, because all answers are the same. */
  alpha: EstimateView | null;
  /** The same without each rater's own level; for ratings only. */
  alphaOfLevels: EstimateView | null;
  /** Fleiss' kappa of the tasks with this many raters. */
  fleiss: EstimateView | null;
  fleissRaters: number;
}

/** Cohen's kappa of two raters' choices. */
export interface RaterPairView {
  one: string;
  other: string;
  tasks: number;
  kappa: EstimateView;
}

export interface CrowdOverviewView {
  tasks: number;
  /** Tasks whose most probable answer is not what most raters said. */
  overruledByDawidSkene: number;
  overruledByGlad: number;
  /** The chance that an answer is right, in the mean over the rater's answers; the least first. */
  raters: { name: string; answers: number; byDawidSkene: number; byGlad: number }[];
  /** Votes are in the order of CHOICES. */
  hardest: { prompt: string; votes: number[] }[];
}

export interface AgreementOverviewView {
  /** When it was counted; null if just now. */
  countedAt: Date | null;
  kinds: KindAgreementView[];
  pairs: RaterPairView[];
  /** null without shared comparisons. */
  crowd: CrowdOverviewView | null;
}

/** null where too few people of the group voted to show it. */
export type GroupRateView = (EstimateView & { n: number }) | null;

export interface GroupView {
  /** null for small groups together. */
  value: string | null;
  people: number;
  votes: number;
  /** Of all votes. */
  share: number;
  /** Comparisons of the version with others that it won. */
  wins: GroupRateView;
  /** Thumbs up of the version. */
  thumbs: GroupRateView;
  /** Held-out votes whose winner the reward model names; null without figures of the newest run. */
  rewardModel: (EstimateView & { n: number; calibrationError: number }) | null;
}

export interface GroupsView {
  versionId: string;
  /** The run whose reward model is judged. */
  runId: string | null;
  /** Smaller groups are not shown by themselves. */
  fewestPeople: number;
  votes: number;
  people: number;
  /** When it was counted; null if just now. */
  countedAt: Date | null;
  keys: {
    key: GroupKey;
    /** Worst first; empty if all together have too few people. */
    groups: GroupView[];
    /** Of what people say of themselves: since when the figures have stood; null for other groups, and without figures. */
    publishedAt: Date | null;
  }[];
}
