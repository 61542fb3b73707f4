// One Llama block forward and backward without a tape: only LoRA has gradients; frozen weights cost a product per pass.
import type { Projection } from '@/core/base/model-config';
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
  unitOf,
} from './derivatives';
import type { BlockContext, BlockWeights, LoraTensors } from './llama';

/** What the backward pass of a block needs in addition to its input; everything cheap is recomputed. */
export interface KeptBlock {
  heads: Heads;
  joined: Tensor2D; // [N, H*D]
  residual: Tensor2D; // [N, H]
  gate: Tensor2D; // [N, F]
  up: Tensor2D; // [N, F]
  /** The inputs of the extra norms of some bases: queries and keys [N, n*D], and the output of each part [N, H]. */
  unnormed: { q: Tensor2D; k: Tensor2D } | null;
  attended: Tensor2D | null;
  down: Tensor2D | null;
}

/** Number of floats in KeptBlock and the block's input for a batch. */
export function keptFloats({ config, batch, length }: BlockContext, tokens: number): number {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headSize, hasQkNorm, hasOutputNorms } = config;
  const perPlace = (heads + 2 * keyValueHeads) * headSize;
  const perToken = 2 * hiddenSize + heads * headSize + 2 * intermediateSize;
  const forNorms = (hasQkNorm ? (heads + keyValueHeads) * headSize : 0) + (hasOutputNorms ? 2 * hiddenSize : 0);
  return batch * length * perPlace + tokens * (perToken + forNorms);
}

/**
 * The projection with its pair added, W + (alpha / rank) (A B)^T [out, in]: from a few hundred tokens on, one addition
 * the size of the weights costs less than a low-rank product and an addition the size of the activations.
 */
function weightOf(
  name: Projection,
  { projections }: BlockWeights,
  lora: LoraTensors | null,
  { loraScale }: BlockContext,
): Tensor2D {
  const pair = lora?.get(name);
  if (!pair) return projections[name];
  const [a, b] = pair;
  return tf.add(projections[name], tf.matMul(tf.mul(b, loraScale) as Tensor2D, a, true, true));
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
  const project = (input: Tensor2D, name: Projection): Tensor2D => {
    const product: Tensor2D = tf.matMul(input, weightOf(name, weights, lora, context), false, true); // [N, out]
    const bias = weights.biases[name];
    return bias ? tf.add(product, bias) : product;
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
    return { heads, joined: attend(heads, context), unnormed: queryNorm ? own : null };
  });
  const attended = project(joined, 'self_attn.o_proj');
  const residual: Tensor2D = tf.add(x, attentionOutputNorm ? norm(attended, attentionOutputNorm, epsilon) : attended);
  const { gate, up } = scoped(() => {
    const normed = norm(residual, weights.feedForwardNorm, epsilon);
    return { gate: project(normed, 'mlp.gate_proj'), up: project(normed, 'mlp.up_proj') };
  });
  const { y, down } = scoped(() => {
    const down = project(activate(gate, up, activation), 'mlp.down_proj');
    const own = feedForwardOutputNorm ? norm(down, feedForwardOutputNorm, epsilon) : down;
    return { y: tf.add(residual, own) as Tensor2D, down: feedForwardOutputNorm ? down : null };
  });
  const kept = { heads, joined, residual, gate, up, unnormed, down };
  return { y, kept: { ...kept, attended: attentionOutputNorm ? attended : null } };
}

export type BlockGradients = Partial<Record<Projection, { a: Tensor2D; b: Tensor2D }>>;

/** Gradients of the outputs of projections that share an input. [N, out] */
type OutputGradients = Partial<Record<Projection, Tensor2D>>;

const entriesOf = (outputs: OutputGradients) => Object.entries(outputs) as [Projection, Tensor2D][];

/** Low-rank products with the input [N, in] are computed once for all pairs that share it. */
function pairGradients(
  input: Tensor2D,
  outputs: OutputGradients,
  lora: LoraTensors,
  { loraScale }: BlockContext,
): BlockGradients {
  const found = entriesOf(outputs).filter(([name]) => lora.has(name));
  if (found.length === 0) return {};
  const as = found.map(([name]) => lora.get(name)![0]); // [in, r]
  const dLows = found.map(([name, dOut]) => tf.matMul(dOut, lora.get(name)![1], false, true) as Tensor2D); // [N, r]
  const low = tf.mul(tf.matMul(input, tf.concat(as, 1)), loraScale); // [N, pairs * r]
  const dA = tf.mul(tf.matMul(input, tf.concat(dLows, 1), true), loraScale); // [in, pairs * r]
  const lows = tf.split(low, found.length, 1) as Tensor2D[]; // [N, r]
  const dAs = tf.split(dA, found.length, 1) as Tensor2D[]; // [in, r]
  return Object.fromEntries(
    found.map(([name, dOut], i) => [name, { a: dAs[i]!, b: tf.matMul(lows[i]!, dOut, true) }]), // [in, r], [r, out]
  );
}

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
  const { heads, joined, residual, gate, up, unnormed, attended, down } = kept;
  const { queryNorm, keyNorm, attentionOutputNorm, feedForwardOutputNorm } = weights;
  /** The gradient of projections' shared input from those of their outputs [N, out]; the pairs' go to `gradients`. */
  const unproject = (input: Tensor2D, outputs: OutputGradients, gradients: BlockGradients): Tensor2D => {
    Object.assign(gradients, pairGradients(input, outputs, lora, context));
    const inputs = entriesOf(outputs).map(([name, dOut]) =>
      tf.matMul(dOut, weightOf(name, weights, lora, context)),
    ) as Tensor2D[]; // [N, in]
    return inputs.length === 1 ? inputs[0]! : (tf.addN(inputs) as Tensor2D);
  };

  const mlp = scoped(() => {
    const gradients: BlockGradients = {};
    const { dGate, dUp } = scoped(() => {
      const dDown = down ? normBackward(dy, unitOf(down, epsilon), feedForwardOutputNorm!) : dy; // [N, H]
      const opened = openGate(gate, activation);
      const inner = tf.mul(opened.activated, up) as Tensor2D; // [N, F]
      const dInner = unproject(inner, { 'mlp.down_proj': dDown }, gradients); // [N, F]
      inner.dispose();
      return { ...activateBackward(dInner, gate, up, opened, activation), gradients };
    });
    const taken = unitOf(residual, epsilon);
    const normed = tf.mul(taken.unit, weights.feedForwardNorm) as Tensor2D; // [N, H]
    const dNormed = unproject(normed, { 'mlp.gate_proj': dGate, 'mlp.up_proj': dUp }, gradients);
    const dResidual: Tensor2D = tf.add(dy, normBackward(dNormed, taken, weights.feedForwardNorm));
    return { dResidual, gradients };
  });
  const { dResidual } = mlp;
  const attention = scoped(() => {
    const gradients: BlockGradients = {};
    const { dQ, dK, dV } = scoped(() => {
      const dAttended = attended ? normBackward(dResidual, unitOf(attended, epsilon), attentionOutputNorm!) : dResidual;
      const dJoined = unproject(joined, { 'self_attn.o_proj': dAttended }, gradients);
      return { ...attendBackward(dJoined, joined, heads, context), gradients };
    });
    const taken = unitOf(x, epsilon);
    const normed = tf.mul(taken.unit, weights.inputNorm) as Tensor2D; // [N, H]
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
    const outputs = { 'self_attn.q_proj': own.q, 'self_attn.k_proj': own.k, 'self_attn.v_proj': dV };
    const dNormed = unproject(normed, outputs, gradients);
    const dx: Tensor2D = tf.add(dResidual, normBackward(dNormed, taken, weights.inputNorm));
    return { dx, gradients };
  });
  dResidual.dispose();
  return { dx: attention.dx, gradients: { ...attention.gradients, ...mlp.gradients } };
}
