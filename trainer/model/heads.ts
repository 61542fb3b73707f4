// A scalar per position on top of the backbone: the reward of a completion, or the value of a state.
import type { Rng } from '@/core/rng';
import {
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tf,
  type Variable,
} from '@/trainer/backend';
import { gatherPositions, type HiddenPositions, scatterPositions } from './positions';
import type { HeadLoss, NamedVariables } from './types';

export interface ScalarHeadOptions {
  /** Its variables are `<name>.weight` [H] and `<name>.bias` []. */
  name: string;
  hiddenSize: number;
  /** zero for a value head (N-details); normal is N(0, 1/sqrt(H + 1)), for a reward head (lm-human-preferences). */
  init: 'zero' | 'normal';
  rng: Rng;
  bias?: number;
  /** Normalises each hidden state to mean 0 and variance 1 first (no affine part). */
  layerNorm?: boolean;
}

export interface ScalarLoss {
  loss: number;
  /** d loss / d value. N */
  dValues: Float32Array;
  metrics?: Record<string, number>;
}

export interface ScalarHead {
  readonly name: string;
  readonly variables: NamedVariables;
  /** One number per position. N */
  values(hidden: Tensor3D, positions: HiddenPositions): Float32Array;
  /** The loss of those values and its gradients; `detached` keeps them from the backbone: dHidden is zero. */
  loss(
    hidden: Tensor3D,
    positions: HiddenPositions,
    lossOfValues: (values: Float32Array) => ScalarLoss,
    options?: { detached?: boolean },
  ): HeadLoss;
  dispose(): void;
}

const LAYER_NORM_EPSILON = 1e-5;

export function createScalarHead(options: ScalarHeadOptions): ScalarHead {
  const { name, hiddenSize, init, rng, bias = 0, layerNorm = false } = options;
  const deviation = init === 'zero' ? 0 : 1 / Math.sqrt(hiddenSize + 1);
  const initial = Float32Array.from({ length: hiddenSize }, () => (deviation ? deviation * rng.normal() : 0));
  const weight = tf.tidy(() => tf.variable(tf.tensor1d(initial)));
  const offset = tf.tidy(() => tf.variable(tf.scalar(bias)));

  const forward = (rows: Tensor, weight: Tensor, bias: Tensor) => {
    const input = layerNorm ? standardise(rows) : rows; // [N, H]
    return tf.add(tf.sum(tf.mul(input, weight), 1), bias) as Tensor1D; // [N]
  };

  return {
    name,
    variables: new Map<string, Variable>([
      [`${name}.weight`, weight],
      [`${name}.bias`, offset],
    ]),

    values(hidden, positions) {
      return tf.tidy(
        () => forward(gatherPositions(hidden, positions), weight, offset).dataSync().slice() as Float32Array,
      );
    },

    loss(hidden, positions, lossOfValues, { detached = false } = {}) {
      let result: ScalarLoss | undefined;
      const [dHidden, dWeight, dBias] = tf.tidy(() => {
        const rows = gatherPositions(hidden, positions); // [N, H]
        result = lossOfValues(forward(rows, weight, offset).dataSync() as Float32Array);
        const dy = tf.tensor1d(result.dValues);
        if (detached) {
          const [dW, dB] = tf.grads((w: Tensor, b: Tensor) => forward(rows, w, b))([weight, offset], dy);
          return [tf.zerosLike(hidden), dW!, dB!] as const;
        }
        const [dRows, dW, dB] = tf.grads((x: Tensor, w: Tensor, b: Tensor) => forward(x, w, b))(
          [rows, weight, offset],
          dy,
        );
        return [scatterPositions(dRows as Tensor2D, positions, hidden.shape), dW!, dB!] as const;
      }) as unknown as [Tensor3D, Tensor1D, Scalar];
      const gradients = new Map<string, Tensor>([
        [`${name}.weight`, dWeight],
        [`${name}.bias`, dBias],
      ]);
      return { loss: result!.loss, dHidden, gradients, metrics: result!.metrics ?? {} };
    },

    dispose() {
      tf.dispose([weight, offset]);
    },
  };
}

function standardise(rows: Tensor): Tensor {
  const centred = tf.sub(rows, tf.mean(rows, 1, true));
  const variance = tf.mean(tf.square(centred), 1, true);
  return tf.mul(centred, tf.rsqrt(tf.add(variance, LAYER_NORM_EPSILON)));
}
