// One training run from feedback to a judged version; every stage keeps what it made, so a run goes on wherever it was.
import type { Logger } from '@/core/logger';
import type { PipelineSettings } from './env';
import { openRun } from './runs/context';
import type { Outcome, RunHome } from './runs/store';
import { exportCandidate } from './stages/export';
import { judgeCandidate } from './stages/gates';
import { improvePolicy } from './stages/policy';
import { publishCandidate } from './stages/publish';
import { learnReward } from './stages/reward';
import { imitate } from './stages/sft';
import { freeze } from './stages/snapshot';

export async function runPipeline(home: RunHome, settings: PipelineSettings, log: Logger): Promise<Outcome> {
  const run = await openRun(home, settings, log);
  try {
    const { snapshot, manifest } = await freeze(run);
    await imitate(run, snapshot);
    const reward = await learnReward(run, snapshot);
    const policy = await improvePolicy(run, snapshot, reward);
    const candidate = await exportCandidate(run, snapshot, policy);
    const gates = await judgeCandidate(run, snapshot, reward, candidate);
    return await publishCandidate(run, snapshot, candidate, gates, manifest);
  } finally {
    await run.close();
  }
}
