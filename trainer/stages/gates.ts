// The gates stage: measures the candidate against its parent and judges it by every gate.
import type { GateResult } from '@/core/artifact/manifest';
import type { Snapshot } from '@/trainer/data/snapshot';
import { measureCandidate } from '@/trainer/gates/measure';
import { judgeGates } from '@/trainer/gates/verdict';
import type { RewardModel } from '@/trainer/reward/scorer';
import type { Run } from '@/trainer/runs/context';
import type { Candidate } from './export';

export async function judgeCandidate(
  run: Run,
  snapshot: Snapshot,
  reward: RewardModel | null,
  { origin }: Candidate,
): Promise<GateResult[]> {
  return judgeGates(await measureCandidate(run, snapshot, reward, origin.versionId));
}
