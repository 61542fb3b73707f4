// Compares the votes that each group has with the share that it should have.
import type { TaskQuestion } from './question';

export class GroupShares {
  private readonly candidateShares = new Map<string, number>();
  private readonly votes: Map<string, number>;
  private total: number;

  constructor(
    private readonly question: Pick<TaskQuestion, 'candidates' | 'targetShares' | 'groupVotes' | 'totalVotes'>,
  ) {
    const { candidates, groupVotes, totalVotes } = question;
    for (const { groups } of candidates)
      for (const group of groups)
        this.candidateShares.set(group, (this.candidateShares.get(group) ?? 0) + 1 / candidates.length);
    this.votes = new Map(groupVotes);
    this.total = totalVotes;
  }

  /** Of the scarcest of the groups: 0 if it will have its share after one more vote, 1 if it has no votes at all. */
  shortage(groups: readonly string[]): number {
    return groups.reduce((most, group) => {
      const due = this.targetShare(group) * (this.total + 1);
      return due > 0 ? Math.max(most, 1 - (this.votes.get(group) ?? 0) / due) : most;
    }, 0);
  }

  /** Target share over the share of the candidates, in the mean over the groups; 1 without groups. */
  targetRatio(groups: readonly string[]): number {
    if (groups.length === 0) return 1;
    const ratios = groups.map((group) => this.targetShare(group) / this.candidateShares.get(group)!);
    return ratios.reduce((sum, ratio) => sum + ratio, 0) / groups.length;
  }

  addVote(groups: readonly string[]): void {
    this.total += 1;
    for (const group of groups) this.votes.set(group, (this.votes.get(group) ?? 0) + 1);
  }

  private targetShare(group: string): number {
    return this.question.targetShares.get(group) ?? this.candidateShares.get(group)!;
  }
}
