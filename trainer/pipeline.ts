// One training run from feedback to a judged version; every stage saves its result, so a stopped run resumes there.
import type { Logger } from '@/core/logger';
import type { PipelineSettings } from './env';
import { openRun } from './runs/context';
import type { Outcome, RunHome } from './runs/store';
import { adoptImported } from './stages/adopt';
import { learnCost } from './stages/cost';
import { exportCandidate } from './stages/export';
import { judgeCandidate } from './stages/gates';
import { improvePolicy } from './stages/policy';
import { publishCandidate } from './stages/publish';
import { learnReward } from './stages/reward';
import { imitate } from './stages/sft';
import { freeze, readRows } from './stages/snapshot';
import { orderOpenTasks } from './stages/tasks';

export async function runPipeline(home: RunHome, settings: PipelineSettings, log: Logger): Promise<Outcome> {
  const run = await openRun(home, settings, log);
  try {
    const manifest = await freeze(run);
    // Read again before each stage, so that rows people take back during a run are not learnt by its next stage.
    await imitate(run, await readRows(run));
    const learned = await readRows(run);
    const reward = await learnReward(run, learned);
    const harm = await learnCost(run, await readRows(run));
    await orderOpenTasks(run, await readRows(run));
    const policy = adoptImported(run) ?? (await improvePolicy(run, await readRows(run), reward));
    const candidate = await exportCandidate(run, learned, policy);
    const report = await judgeCandidate(run, await readRows(run), reward, candidate);
    return await publishCandidate(
      run,
      learned,
      { ...candidate, verdict: [...candidate.verdict, ...harm] },
      report,
      manifest,
    );
  } finally {
    await run.close();
  }
}
