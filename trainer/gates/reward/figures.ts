// What the gates on reward judge: scores of the answers, with what each was an answer to.
import type { LabelledPair } from '@/trainer/reward/metrics';
import type { Paired } from '../paired';

export interface RewardFigures {
  /** Scores of deviation 1 over the parent's answers, one for each answer. */
  scores: Paired;
  /** Logits of winning that a point of score is worth. */
  logitsPerPoint: number;
  /** Lengths. */
  tokens: Paired;
  /** Of each answer's prompt, for example { language: 'ja' }. */
  groups: readonly Readonly<Record<string, string>>[];
  /** Whether the prompt is a conversation that a person had, with earlier answers. */
  isConversation: readonly boolean[];
  /** Held-out votes; gaps are logits of winning. */
  votes: readonly LabelledPair[];
}

/** The same figures of some of the answers. */
export const choose = ({ candidate, parent }: Paired, isChosen: (at: number) => boolean): Paired => ({
  candidate: candidate.filter((_, i) => isChosen(i)),
  parent: parent.filter((_, i) => isChosen(i)),
});
