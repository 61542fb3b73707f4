// One Llama block forward and backward without a tape: only LoRA has gradients, so the frozen weights cost one product each way.
import { PROJECTIONS, type Projection } from '@/core/model-config';
import { scoped, type Tensor2D, tf } from '@/trainer/backend';
import { attend, attendBackward, type Heads, toHeads } from './attention';
import { activate, activateBackward, norm, normBackward, rotate, rotateBackward } from './derivatives';
import type { BlockContext, BlockWeights, LoraTensors } from './llama';

/** What the backward pass of a block needs beside its input; everything cheap is made again. */
export interface KeptBlock {
  heads: Heads;
  joined: Tensor2D; // [N, H*D]
  residual: Tensor2D; // [N, H]
  gate: Tensor2D; // [N, F]
  up: Tensor2D; // [N, F]
  /** x A of each projection that has a pair. [N, r] */
  reduced: Partial<Record<Projection, Tensor2D>>;
}

/** Floats that KeptBlock and the block's input take for a batch. */
export function keptFloats({ config, batch, length }: BlockContext, tokens: number, rank: number): number {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headSize } = config;
  const perPlace = (heads + 2 * keyValueHeads) * headSize;
  const perToken = 2 * hiddenSize + heads * headSize + 2 * intermediateSize + PROJECTIONS.length * rank;
  return batch * length * perPlace + tokens * perToken;
}

/** x [N, H] -> y [N, H]. The caller's tidy frees what it does not return. */
export function forwardBlock(
  x: Tensor2D,
  weights: BlockWeights,
  lora: LoraTensors | null,
  context: BlockContext,
): { y: Tensor2D; kept: KeptBlock } {
  const { rmsNormEps, headSize, keyValueHeads } = context.config;
  const reduced: KeptBlock['reduced'] = {};
  const project = (input: Tensor2D, name: Projection): Tensor2D => {
    const frozen: Tensor2D = tf.matMul(input, weights.projections[name], false, true); // [N, out]
    const pair = lora?.get(name);
    if (!pair) return frozen;
    const low: Tensor2D = tf.matMul(input, pair[0]); // [N, r]
    reduced[name] = low;
    return tf.add(frozen, tf.matMul(tf.mul(low, context.loraScale) as Tensor2D, pair[1]));
  };

  const { heads, joined } = scoped(() => {
    const normed = norm(x, weights.inputNorm, rmsNormEps); // [N, H]
    const q = tf.mul(rotate(project(normed, 'self_attn.q_proj'), context), 1 / Math.sqrt(headSize)) as Tensor2D;
    const k = rotate(project(normed, 'self_attn.k_proj'), context);
    const v = project(normed, 'self_attn.v_proj');
    const heads: Heads = {
      q: toHeads(q, context),
      k: toHeads(k, context, keyValueHeads),
      v: toHeads(v, context, keyValueHeads),
    };
    return keeping({ heads, joined: attend(heads, context) }, reduced);
  });
  const residual: Tensor2D = tf.add(x, project(joined, 'self_attn.o_proj'));
  const { gate, up } = scoped(() => {
    const normed = norm(residual, weights.postAttentionNorm, rmsNormEps);
    return keeping({ gate: project(normed, 'mlp.gate_proj'), up: project(normed, 'mlp.up_proj') }, reduced);
  });
  const y = scoped(() => {
    const down = project(activate(gate, up), 'mlp.down_proj');
    return keeping({ y: tf.add(residual, down) as Tensor2D }, reduced);
  }).y;
  return { y, kept: { heads, joined, residual, gate, up, reduced } };
}

/** Lets a tidy return its result while what it added to `reduced` survives as well. */
const keeping = <T extends object>(result: T, reduced: KeptBlock['reduced']): T => ({
  ...result,
  reduced: { ...reduced },
});

export type BlockGradients = Partial<Record<Projection, { a: Tensor2D; b: Tensor2D }>>;

/** The gradients of the block's input and of its pairs, given that of its output. */
export function backwardBlock(
  dy: Tensor2D,
  x: Tensor2D,
  kept: KeptBlock,
  weights: BlockWeights,
  lora: LoraTensors,
  context: BlockContext,
): { dx: Tensor2D; gradients: BlockGradients } {
  const { rmsNormEps, headSize } = context.config;
  const { heads, joined, residual, gate, up, reduced } = kept;
  /** The gradient of a projection's input; that of its pair goes to `gradients`. */
  const unproject = (dOut: Tensor2D, input: Tensor2D, name: Projection, gradients: BlockGradients): Tensor2D => {
    const frozen: Tensor2D = tf.matMul(dOut, weights.projections[name]); // [N, in]
    const pair = lora.get(name);
    if (!pair) return frozen;
    const [a, b] = pair;
    const dLow = tf.mul(tf.matMul(dOut, b, false, true), context.loraScale) as Tensor2D; // [N, r]
    gradients[name] = {
      a: tf.matMul(input, dLow, true), // [in, r]
      b: tf.mul(tf.matMul(reduced[name]!, dOut, true), context.loraScale), // [r, out]
    };
    return tf.add(frozen, tf.matMul(dLow, a, false, true));
  };

  const mlp = scoped(() => {
    const gradients: BlockGradients = {};
    const { dGate, dUp } = scoped(() => {
      const dActivated = unproject(dy, activate(gate, up), 'mlp.down_proj', gradients); // [N, F]
      return { ...activateBackward(dActivated, gate, up), gradients };
    });
    const normed = norm(residual, weights.postAttentionNorm, rmsNormEps);
    const dNormed: Tensor2D = tf.add(
      unproject(dGate, normed, 'mlp.gate_proj', gradients),
      unproject(dUp, normed, 'mlp.up_proj', gradients),
    );
    const dResidual: Tensor2D = tf.add(dy, normBackward(dNormed, residual, weights.postAttentionNorm, rmsNormEps));
    return { dResidual, gradients };
  });
  const { dResidual } = mlp;
  const attention = scoped(() => {
    const gradients: BlockGradients = {};
    const { dQ, dK, dV } = scoped(() => {
      const dJoined = unproject(dResidual, joined, 'self_attn.o_proj', gradients);
      return { ...attendBackward(dJoined, joined, heads, context), gradients };
    });
    const normed = norm(x, weights.inputNorm, rmsNormEps);
    const unscaled = tf.mul(dQ, 1 / Math.sqrt(headSize)) as Tensor2D;
    const dNormed = [
      unproject(rotateBackward(unscaled, context), normed, 'self_attn.q_proj', gradients),
      unproject(rotateBackward(dK, context), normed, 'self_attn.k_proj', gradients),
      unproject(dV, normed, 'self_attn.v_proj', gradients),
    ];
    const dx = tf.addN([dResidual, normBackward(tf.addN(dNormed), x, weights.inputNorm, rmsNormEps)]) as Tensor2D;
    return { dx, gradients };
  });
  dResidual.dispose();
  return { dx: attention.dx, gradients: { ...attention.gradients, ...mlp.gradients } };
}
