// The imitation stage: fine-tunes the policy on demonstrations if the run asks for it.
import { Rng } from '@/core/rng';
import { demonstrationRows } from '@/trainer/data/examples';
import type { Snapshot } from '@/trainer/data/snapshot';
import { loraFromAdapter } from '@/trainer/model/lora';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import type { Run } from '@/trainer/runs/context';
import { stageProgress } from '@/trainer/runs/store';
import { type SftState, trainSft } from '@/trainer/supervised/sft';

/** Afterwards the policy and its reference both start from what was learnt. */
export async function imitate(run: Run, snapshot: Snapshot): Promise<void> {
  const { sink, config, policyConfig, backbone, policy } = run;
  if (config.sft === null) return;
  const { batchExamples, epochs, evalShare, leastRating, tokenBudget } = config.sft;
  const demonstrations = demonstrationRows(snapshot.rows, { leastRating, endIds: backbone.config.eosTokenIds });
  const steps = Math.max(1, Math.ceil((demonstrations.length * (1 - evalShare)) / batchExamples) * epochs);
  const report = stageProgress(sink, 'sft');
  const { adapter } = await trainSft({
    backbone,
    policy,
    demonstrations,
    signal: sink.signal,
    config: { ...config.sft, lora: policyConfig.lora },
    onMetrics(stage, step, metrics) {
      sink.metrics(stage, step, metrics);
      const spent = tokenBudget && metrics.num_tokens ? metrics.num_tokens / tokenBudget : 0;
      report(Math.min(1, Math.max(step / steps, spent)));
    },
    checkpoints: directoryCheckpoints<SftState>(run.home.folder, 'sft', { snapshot, isFinished: ({ done }) => done }),
  });
  run.start = adapter;
  run.reference = loraFromAdapter(backbone.config, adapter, new Rng(policyConfig.seed));
  run.owned.push(run.reference);
  await sink.flush();
}
