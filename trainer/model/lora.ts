// The trainable LoRA tensors of one adapter, created as in PEFT and copied from and to PEFT's layout.
import { type Adapter, ALL_TARGETS, checkAdapter, type LoraPair, loraKey } from '@/core/artifact/adapter';
import { type ModelConfig, type Projection, projectionShape } from '@/core/base/model-config';
import { AttuneError } from '@/core/errors';
import type { Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { loraName } from './backbone';
import type { Lora, NamedVariables } from './types';

export interface LoraOptions {
  rank: number;
  /** The update is (alpha / rank) * B A. */
  alpha: number;
  targets?: Projection[];
  /** First block with pairs; 0, which means every block, by default. */
  firstLayer?: number;
  rng: Rng;
}

/**
 * A is uniform in +-1/sqrt(in), which is PEFT's kaiming_uniform_(a = sqrt 5); B is zero, so that a new adapter changes
 * nothing (peft/tuners/lora/layer.py, reset_lora_parameters).
 */
export function createLora(config: ModelConfig, options: LoraOptions): Lora {
  const { rank, alpha, targets = ALL_TARGETS, firstLayer = 0, rng } = options;
  const variables: NamedVariables = new Map();
  const withPairs = () => sites(config, targets, firstLayer, config.layers);
  const withoutPairs = () => sites(config, targets, 0, firstLayer);
  for (const { layer, projection, in_, out } of withPairs()) {
    const bound = 1 / Math.sqrt(in_);
    const a = Float32Array.from({ length: in_ * rank }, () => (2 * rng.uniform() - 1) * bound);
    // No tf name: tfjs requires unique names in a process, and policy, reference and value function share these names.
    // A variable shares its first tensor's memory; the tidy disposes that tensor and keeps the variable.
    tf.tidy(() => {
      variables.set(loraName(layer, projection, 'A'), tf.variable(tf.tensor2d(a, [in_, rank])));
      variables.set(loraName(layer, projection, 'B'), tf.variable(tf.zeros([rank, out])));
    });
  }
  return {
    rank,
    alpha,
    firstLayer,
    variables,

    toAdapter() {
      const pairs = new Map<string, LoraPair>();
      for (const { layer, projection, in_, out } of withoutPairs()) {
        const zeros = { a: new Float32Array(rank * in_), b: new Float32Array(out * rank) };
        pairs.set(loraKey(layer, projection), zeros);
      }
      for (const { layer, projection, in_, out } of withPairs()) {
        const a = variables.get(loraName(layer, projection, 'A'))!.dataSync() as Float32Array;
        const b = variables.get(loraName(layer, projection, 'B'))!.dataSync() as Float32Array;
        pairs.set(loraKey(layer, projection), { a: transpose(a, in_, rank), b: transpose(b, rank, out) });
      }
      return { rank, alpha, targets: [...targets], pairs };
    },

    assign(adapter) {
      checkAssignable(adapter, { rank, alpha, targets }, config);
      for (const { layer, projection } of withoutPairs()) {
        if (adapter.pairs.get(loraKey(layer, projection))?.b.every((x) => x === 0) ?? true) continue;
        throw new AttuneError(
          'BAD_INPUT',
          `The adapter changes block ${layer}, but only blocks from ${firstLayer} on are adapted here. Adapt every block.`,
        );
      }
      tf.tidy(() => {
        for (const { layer, projection, in_, out } of withPairs()) {
          const pair = adapter.pairs.get(loraKey(layer, projection));
          const [A, B] = ['A', 'B'].map((half) => variables.get(loraName(layer, projection, half as 'A' | 'B'))!);
          if (!pair) {
            // As in PEFT, A stays random, so that B, which is zero, has a gradient.
            B!.assign(tf.zeros([rank, out]));
            continue;
          }
          A!.assign(tf.tensor2d(transpose(pair.a, rank, in_), [in_, rank]));
          B!.assign(tf.tensor2d(transpose(pair.b, out, rank), [rank, out]));
        }
      });
    },

    dispose() {
      for (const variable of variables.values()) variable.dispose();
    },
  };
}

/** Variables that hold an existing adapter, for example the frozen reference or the parent to train on. */
export function loraFromAdapter(config: ModelConfig, adapter: Adapter, rng: Rng): Lora {
  const lora = createLora(config, { rank: adapter.rank, alpha: adapter.alpha, targets: adapter.targets, rng });
  lora.assign(adapter);
  return lora;
}

/** The projections of the blocks from `from` up to but not including `to`. */
function* sites(config: ModelConfig, targets: readonly Projection[], from: number, to: number) {
  for (let layer = from; layer < to; layer++) {
    for (const projection of targets) {
      const [out, in_] = projectionShape(config, projection);
      yield { layer, projection, in_, out };
    }
  }
}

function checkAssignable(
  adapter: Adapter,
  own: { rank: number; alpha: number; targets: readonly Projection[] },
  config: ModelConfig,
): void {
  const sameTargets =
    adapter.targets.length === own.targets.length && own.targets.every((t) => adapter.targets.includes(t));
  if (adapter.rank !== own.rank || adapter.alpha !== own.alpha || !sameTargets) {
    throw new AttuneError(
      'BAD_INPUT',
      `An adapter of rank ${adapter.rank}, alpha ${adapter.alpha}, ${adapter.targets.length} targets does not fit one of ` +
        `rank ${own.rank}, alpha ${own.alpha}, ${own.targets.length} targets. Train with the parent's settings.`,
    );
  }
  checkAdapter(adapter, config);
}

/** [rows, columns] row-major to [columns, rows]. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c]!;
  return out;
}
