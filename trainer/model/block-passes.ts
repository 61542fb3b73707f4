// One Llama block forward and backward without a tape: only LoRA has gradients, so the frozen weights cost one product each way.
import { PROJECTIONS, type Projection } from '@/core/model-config';
import { scoped, type Tensor2D, tf } from '@/trainer/backend';
import { attend, attendBackward, type Heads, toHeads } from './attention';
import {
  activate,
  activateBackward,
  headNorm,
  headNormBackward,
  norm,
  normBackward,
  openGate,
  rotate,
  rotateBackward,
} from './derivatives';
import type { BlockContext, BlockWeights, LoraTensors } from './llama';

/** What the backward pass of a block needs beside its input; everything cheap is made again. */
export interface KeptBlock {
  heads: Heads;
  joined: Tensor2D; // [N, H*D]
  residual: Tensor2D; // [N, H]
  gate: Tensor2D; // [N, F]
  up: Tensor2D; // [N, F]
  /** alpha / rank x A of each projection that has a pair. [N, r] */
  reduced: Partial<Record<Projection, Tensor2D>>;
  /** What the norms of some bases take in: queries and keys [N, n*D], and what each part gives back [N, H]. */
  unnormed: { q: Tensor2D; k: Tensor2D } | null;
  attended: Tensor2D | null;
  down: Tensor2D | null;
}

/** Floats that KeptBlock and the block's input take for a batch. */
export function keptFloats({ config, batch, length }: BlockContext, tokens: number, rank: number): number {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headSize, hasQkNorm, hasOutputNorms } = config;
  const perPlace = (heads + 2 * keyValueHeads) * headSize;
  const perToken = 2 * hiddenSize + heads * headSize + 2 * intermediateSize + PROJECTIONS.length * rank;
  const forNorms = (hasQkNorm ? (heads + keyValueHeads) * headSize : 0) + (hasOutputNorms ? 2 * hiddenSize : 0);
  return batch * length * perPlace + tokens * (perToken + forNorms);
}

/** x [N, H] -> y [N, H]. The caller's tidy frees what it does not return. */
export function forwardBlock(
  x: Tensor2D,
  weights: BlockWeights,
  lora: LoraTensors | null,
  context: BlockContext,
): { y: Tensor2D; kept: KeptBlock } {
  const { epsilon, attentionScale } = context;
  const { activation, keyValueHeads } = context.config;
  const reduced: KeptBlock['reduced'] = {};
  const project = (input: Tensor2D, name: Projection): Tensor2D => {
    const product: Tensor2D = tf.matMul(input, weights.projections[name], false, true); // [N, out]
    const bias = weights.biases[name];
    const frozen: Tensor2D = bias ? tf.add(product, bias) : product;
    const pair = lora?.get(name);
    if (!pair) return frozen;
    const low: Tensor2D = tf.mul(tf.matMul(input, pair[0]), context.loraScale); // [N, r]
    reduced[name] = low;
    return tf.add(frozen, tf.matMul(low, pair[1]));
  };

  const { queryNorm, keyNorm, attentionOutputNorm, feedForwardOutputNorm } = weights;

  const { heads, joined, unnormed } = scoped(() => {
    const normed = norm(x, weights.inputNorm, epsilon); // [N, H]
    const own = { q: project(normed, 'self_attn.q_proj'), k: project(normed, 'self_attn.k_proj') };
    const q = tf.mul(rotate(headNorm(own.q, queryNorm, epsilon), context), attentionScale) as Tensor2D;
    const k = rotate(headNorm(own.k, keyNorm, epsilon), context);
    const v = project(normed, 'self_attn.v_proj');
    const heads: Heads = {
      q: toHeads(q, context),
      k: toHeads(k, context, keyValueHeads),
      v: toHeads(v, context, keyValueHeads),
    };
    return keeping({ heads, joined: attend(heads, context), unnormed: queryNorm ? own : null }, reduced);
  });
  const attended = project(joined, 'self_attn.o_proj');
  const residual: Tensor2D = tf.add(x, attentionOutputNorm ? norm(attended, attentionOutputNorm, epsilon) : attended);
  const { gate, up } = scoped(() => {
    const normed = norm(residual, weights.feedForwardNorm, epsilon);
    return keeping({ gate: project(normed, 'mlp.gate_proj'), up: project(normed, 'mlp.up_proj') }, reduced);
  });
  const { y, down } = scoped(() => {
    const down = project(activate(gate, up, activation), 'mlp.down_proj');
    const own = feedForwardOutputNorm ? norm(down, feedForwardOutputNorm, epsilon) : down;
    return keeping({ y: tf.add(residual, own) as Tensor2D, down: feedForwardOutputNorm ? down : null }, reduced);
  });
  const kept = { heads, joined, residual, gate, up, reduced, unnormed, down };
  return { y, kept: { ...kept, attended: attentionOutputNorm ? attended : null } };
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
  const { epsilon, attentionScale } = context;
  const { activation } = context.config;
  const { heads, joined, residual, gate, up, reduced, unnormed, attended, down } = kept;
  const { queryNorm, keyNorm, attentionOutputNorm, feedForwardOutputNorm } = weights;
  /** The gradient of a projection's input; that of its pair goes to `gradients`. */
  const unproject = (dOut: Tensor2D, input: Tensor2D, name: Projection, gradients: BlockGradients): Tensor2D => {
    const frozen: Tensor2D = tf.matMul(dOut, weights.projections[name]); // [N, in]
    const pair = lora.get(name);
    if (!pair) return frozen;
    const [a, b] = pair;
    const dLow = tf.mul(tf.matMul(dOut, b, false, true), context.loraScale) as Tensor2D; // [N, r]
    gradients[name] = {
      a: tf.matMul(input, dLow, true), // [in, r]
      b: tf.matMul(reduced[name]!, dOut, true), // [r, out]
    };
    return tf.add(frozen, tf.matMul(dLow, a, false, true));
  };

  const mlp = scoped(() => {
    const gradients: BlockGradients = {};
    const { dGate, dUp } = scoped(() => {
      const dDown = down ? normBackward(dy, down, feedForwardOutputNorm!, epsilon) : dy; // [N, H]
      const opened = openGate(gate, activation);
      const inner = tf.mul(opened.activated, up) as Tensor2D; // [N, F]
      const dInner = unproject(dDown, inner, 'mlp.down_proj', gradients); // [N, F]
      return { ...activateBackward(dInner, gate, up, opened, activation), gradients };
    });
    const normed = norm(residual, weights.feedForwardNorm, epsilon);
    const dNormed: Tensor2D = tf.add(
      unproject(dGate, normed, 'mlp.gate_proj', gradients),
      unproject(dUp, normed, 'mlp.up_proj', gradients),
    );
    const dResidual: Tensor2D = tf.add(dy, normBackward(dNormed, residual, weights.feedForwardNorm, epsilon));
    return { dResidual, gradients };
  });
  const { dResidual } = mlp;
  const attention = scoped(() => {
    const gradients: BlockGradients = {};
    const { dQ, dK, dV } = scoped(() => {
      const dAttended = attended ? normBackward(dResidual, attended, attentionOutputNorm!, epsilon) : dResidual;
      const dJoined = unproject(dAttended, joined, 'self_attn.o_proj', gradients);
      return { ...attendBackward(dJoined, joined, heads, context), gradients };
    });
    const normed = norm(x, weights.inputNorm, epsilon);
    const turned = {
      q: rotateBackward(tf.mul(dQ, attentionScale) as Tensor2D, context),
      k: rotateBackward(dK, context),
    };
    const own = unnormed
      ? {
          q: headNormBackward(turned.q, unnormed.q, queryNorm!, epsilon),
          k: headNormBackward(turned.k, unnormed.k, keyNorm!, epsilon),
        }
      : turned;
    const dNormed = [
      unproject(own.q, normed, 'self_attn.q_proj', gradients),
      unproject(own.k, normed, 'self_attn.k_proj', gradients),
      unproject(dV, normed, 'self_attn.v_proj', gradients),
    ];
    const dx = tf.addN([dResidual, normBackward(tf.addN(dNormed), x, weights.inputNorm, epsilon)]) as Tensor2D;
    return { dx, gradients };
  });
  dResidual.dispose();
  return { dx: attention.dx, gradients: { ...attention.gradients, ...mlp.gradients } };
}
