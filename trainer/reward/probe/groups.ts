// Weighs groups by what probes lose on them that have not seen their prompts, a few times over.
import type { GroupRobustConfig } from '@/core/config/reward';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { afterBatch, groupFactor, groupMetrics, readGroups, sumByGroup } from '@/trainer/reward/groups';
import type { Metrics } from '@/trainer/runs/store';
import { choosePrecision, type FitTask } from './precision';

/** Passes over the feedback; a convex fit has no steps between which weights could rise. */
const ROUNDS = 6;

/** The task's feedback with the groups' weights, and what is to be said of the groups. */
export async function weighProbedGroups(
  task: FitTask,
  settings: GroupRobustConfig | null,
): Promise<{ train: readonly RewardExample[]; metrics: Metrics }> {
  const { train, blocksAt, config } = task;
  const objective = settings && readGroups(train, settings, task.feedback);
  if (!objective) return { train, metrics: {} };
  // One block in the middle is enough to judge groups by, and so is the prior that the first round chooses.
  let precisions = config.probe.precisions;
  let weights = objective.groups.map(({ share }) => share);
  let sums = sumByGroup(objective, [], []);
  const weighed = () => {
    const factorOf = groupFactor(objective, weights);
    return train.map((example) => ({ ...example, share: (example.share ?? 1) * factorOf(example) }));
  };
  for (let round = 0; round < ROUNDS; round++) {
    const { losses, precision } = await choosePrecision({
      ...task,
      train: weighed(),
      blocksAt: [blocksAt[Math.floor(blocksAt.length / 2)]!],
      config: { ...config, probe: { ...config.probe, precisions } },
    });
    if (!losses) break; // too few prompts
    sums = sumByGroup(objective, train, losses);
    weights = afterBatch(objective, weights, sums, 1);
    precisions = [precision];
  }
  return { train: weighed(), metrics: groupMetrics(objective, weights, sums) };
}
