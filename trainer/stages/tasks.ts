// Puts the rating tasks that would teach the reward model most in front, as soon as it has learnt from the votes so far.
import { rewardExamples } from '@/trainer/data/examples';
import type { Snapshot } from '@/trainer/data/snapshot';
import { rankTasks } from '@/trainer/reward/tasks/ranking';
import type { Run } from '@/trainer/runs/context';

export async function orderOpenTasks({ home, sink, config, backbone }: Run, snapshot: Snapshot): Promise<void> {
  const tasks = await home.openTasks();
  const examples = rewardExamples(snapshot.rows);
  if (tasks.length === 0 || examples.length === 0) return;
  const { rewardModel } = config;
  await home.orderTasks(await rankTasks({ backbone, config: rewardModel, signal: sink.signal, examples, tasks }));
}
