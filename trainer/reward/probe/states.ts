// The states that probes read, for all completions in some feedback: computed once, saved, standardised by block.
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { RewardModelConfig } from '@/core/config/reward';
import { type Tensor2D, tf } from '@/trainer/backend';
import { packByLength } from '@/trainer/math/micro-batch';
import type { RewardExample } from '@/trainer/math/reward-examples';
import type { CompletionStates } from '@/trainer/model/answer-states';
import type { CompletionGroup } from '@/trainer/model/packing';
import { completionStarts } from '@/trainer/reward/reader';
import { groupOf, groupSize } from '@/trainer/reward/rows';
import type { CheckpointStore, NamedTensors } from '@/trainer/runs/checkpoint';
import type { Metrics } from '@/trainer/runs/store';

export interface ProbeProgress {
  /** Number of examples whose states are in the checkpoint. */
  examples: number;
  tokens: number;
}

export interface StatesInput {
  config: Pick<RewardModelConfig, 'batchExamples' | 'maxTokens' | 'microBatchTokens'>;
  signal: AbortSignal;
  checkpoints: CheckpointStore<ProbeProgress> | null;
  onMetrics(step: number, metrics: Metrics): void;
}

export interface KnownStates {
  /** [completions, width], width = blocks * H */
  values: Float32Array;
  width: number;
  /** Place of each example's first completion. */
  starts: number[];
  completions: number;
}

export async function pause({ signal }: Pick<StatesInput, 'signal'>): Promise<void> {
  await yieldToEvents(); // native work blocks the event loop; heartbeat and cancellation run in between
  signal.throwIfAborted();
}

/** Most checkpoints of the states, which are large and written in full each time. */
const MOST_CHECKPOINTS = 10;

export async function readStates(
  input: StatesInput,
  train: readonly RewardExample[],
  source: CompletionStates,
): Promise<KnownStates> {
  const { config, checkpoints, onMetrics } = input;
  const groups = train.map((example) => groupOf(example, config.maxTokens));
  const { starts, count } = completionStarts(groups);
  const width = source.blocks.length * source.hiddenSize;
  const values = new Float32Array(count * width);
  const saved = await checkpoints?.read();
  if (saved) values.set(saved.tensors.get('states')!.values);
  let { examples: done, tokens } = saved?.state ?? { examples: 0, tokens: 0 };
  const { batchExamples } = config;
  const steps = Math.ceil(train.length / batchExamples);
  const checkpointEvery = Math.ceil(steps / MOST_CHECKPOINTS);
  while (done < train.length) {
    await pause(input);
    const step = done / batchExamples;
    // The same examples always share a pass, so that a resumed run computes the same bits.
    const batch = groups.slice(done, done + batchExamples);
    for (const part of packByLength(batch.map(groupSize), config.microBatchTokens)) {
      const own = part.map((i) => batch[i]!);
      const read = source.of(own);
      let from = 0;
      for (const [j, { completions }] of own.entries()) {
        const size = completions.length * width;
        values.set(read.subarray(from, from + size), starts[done + part[j]!]! * width);
        from += size;
      }
    }
    tokens += tokensOf(batch);
    done += batch.length;
    onMetrics(step, { num_tokens: tokens });
    if (done === train.length || (step + 1) % checkpointEvery === 0) {
      const tensors: NamedTensors = new Map([['states', { shape: [count, width], values }]]);
      await checkpoints?.write({ state: { examples: done, tokens }, tensors });
    }
  }
  return { values, width, starts, completions: count };
}

const tokensOf = (groups: readonly CompletionGroup[]) => groups.reduce((sum, group) => sum + groupSize(group), 0);

export interface StandardisedBlock {
  /** Each feature with mean 0 and deviation 1 over all completions. [completions, H]; the caller disposes it. */
  features: Tensor2D;
  mean: Float32Array;
  deviation: Float32Array;
}

/** A feature with less deviation than this says nothing and is not magnified. */
const LEAST_DEVIATION = 1e-6;

/** The states of the block at place `at` among the blocks that were read. */
export function standardisedBlock(
  { values, width, completions }: KnownStates,
  at: number,
  size: number,
): StandardisedBlock {
  const own = new Float32Array(completions * size);
  for (let completion = 0; completion < completions; completion++) {
    const from = completion * width + at * size;
    own.set(values.subarray(from, from + size), completion * size);
  }
  const [features, mean, deviation] = tf.tidy(() => {
    const states = tf.tensor2d(own, [completions, size]);
    const mean = tf.mean(states, 0, true);
    const centred = tf.sub(states, mean);
    const deviation = tf.add(tf.sqrt(tf.mean(tf.square(centred), 0, true)), LEAST_DEVIATION);
    return [tf.div(centred, deviation) as Tensor2D, mean, deviation] as const;
  }) as unknown as [Tensor2D, Tensor2D, Tensor2D];
  const block = { features, mean: valuesOf(mean), deviation: valuesOf(deviation) };
  tf.dispose([mean, deviation]);
  return block;
}

const valuesOf = (tensor: Tensor2D) => tensor.dataSync().slice() as Float32Array;
