// Computes what the reward model's probes read for each completion of a set, and keeps it on disk for the next bench.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RewardModelConfig } from '@/core/config/reward';
import { packByLength } from '@/trainer/math/micro-batch';
import { computeCompletionStates } from '@/trainer/model/answer-states';
import type { CompletionGroup } from '@/trainer/model/packing';
import type { Backbone } from '@/trainer/model/types';
import { probedBlocks } from '@/trainer/reward/probe/fit';
import type { KnownStates } from '@/trainer/reward/probe/states';
import { fitGroup, groupSize } from '@/trainer/reward/rows';

/** As in experiment:reward. */
const MAX_TOKENS = 256;

/** `values` are [completions, width], group by group; `starts` are the places of the groups' first completions. */
export type States = KnownStates & { blocks: number };

/** `backbone` is asked for only if the states are not on disk. */
export function readStates(file: string, groups: readonly CompletionGroup[], backbone: () => Backbone): States {
  const starts: number[] = [];
  let count = 0;
  for (const { completions } of groups) {
    starts.push(count);
    count += completions.length;
  }
  const { probe, microBatchTokens } = RewardModelConfig.parse({ probe: {} });
  const blocks = probe!.depths.length;
  if (existsSync(file)) {
    const values = new Float32Array(new Uint8Array(readFileSync(file)).buffer);
    return { values, width: values.length / count, starts, completions: count, blocks };
  }
  const base = backbone();
  const source = computeCompletionStates(base, probedBlocks(base.config.layers, probe!));
  const width = source.blocks.length * source.hiddenSize;
  const values = new Float32Array(count * width);
  const fitted = groups.map((group) => fitGroup(group, MAX_TOKENS));
  for (const part of packByLength(fitted.map(groupSize), microBatchTokens)) {
    const read = source.of(part.map((i) => fitted[i]!));
    let from = 0;
    for (const i of part) {
      const size = fitted[i]!.completions.length * width;
      values.set(read.subarray(from, from + size), starts[i]! * width);
      from += size;
    }
  }
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, Buffer.from(values.buffer));
  renameSync(`${file}.tmp`, file);
  return { values, width, starts, completions: count, blocks };
}
