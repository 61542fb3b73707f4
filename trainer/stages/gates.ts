// The gates stage: measures the candidate against its parent, judges it by every gate, and lets both answer examples.
import type { Manifest } from '@/core/artifact/manifest';
import type { Snapshot } from '@/trainer/data/snapshot';
import { sampleExamples } from '@/trainer/gates/examples';
import { measureCandidate } from '@/trainer/gates/measure';
import { judgeGates } from '@/trainer/gates/verdict';
import type { RewardModel } from '@/trainer/reward/scorer';
import type { Run } from '@/trainer/runs/context';
import type { Candidate } from './export';

export type Report = Required<Pick<Manifest, 'gates' | 'examples' | 'fingerprint'>>;

export async function judgeCandidate(
  run: Run,
  snapshot: Snapshot,
  reward: RewardModel | null,
  { origin }: Candidate,
): Promise<Report> {
  const figures = await measureCandidate(run, snapshot, reward, origin.versionId);
  const examples = await sampleExamples(run, origin.versionId);
  return { gates: judgeGates(figures), examples, fingerprint: figures.served.fingerprint };
}
