// The Fisher matrix of a LoRA policy times a vector, the divergence whose curvature it is, and conjugate gradients.
//
// F = mean over tokens of J' E' (diag(p) - p p') E J, with p the next-token distribution, E the frozen head, J the derivative
// of a token's hidden state with respect to the LoRA tensors. J v comes from central differences of the forward pass
// (tfjs has no forward mode), J' from the usual backward pass, and the rest is exact: 2 forward passes and 1 backward
// pass.
import type { Tensor2D, Tensor3D } from '@/trainer/backend';
import { tf } from '@/trainer/backend';
import { packByLength } from '@/trainer/math/micro-batch';
import { addGradients, disposeGradients } from '@/trainer/model/optim';
import { gatherPositions, scatterPositions } from '@/trainer/model/positions';
import type { CompletionPositions, NamedGradients, NamedVariables } from '@/trainer/model/types';
import type { Learner } from '@/trainer/policy/run';
import { batchCompletions, type Completion } from '@/trainer/sampling/completion-logprobs';

type Model = Pick<Learner, 'backbone' | 'policy'>;

/** Number of tokens whose logits are in memory at a time. */
const CHUNK = 256;
/** Length of a difference step relative to that of all LoRA tensors; near it, fp32 noise and curvature balance. */
const RELATIVE_STEP = 3e-3;

/** The completion tokens of a micro-batch and their hidden states under the policy before it moves. */
interface States {
  ids: Int32Array[];
  positions: CompletionPositions;
  hidden: Float32Array; // [N, H]
}

/** A policy before it moves, from which directions and steps are measured. */
export interface RestingPolicy {
  tokens: number;
  states: States[];
  parameters: Float32Array; // all LoRA tensors, one after the other
}

export function restPolicy(model: Model, completions: readonly Completion[], microBatchTokens: number): RestingPolicy {
  const lengths = completions.map(({ promptIds, completionIds }) => promptIds.length + completionIds.length);
  const states = packByLength(lengths, microBatchTokens).map((members) => {
    const { ids, positions } = batchCompletions(members.map((i) => completions[i]!));
    return { ids, positions, hidden: hiddenRows(model, { ids, positions }) };
  });
  return {
    tokens: states.reduce((total, { positions }) => total + positions.target.length, 0),
    states,
    parameters: flattenVariables(model.policy.variables),
  };
}

/** F v + damping v, at the resting parameters, which are restored afterwards. */
export function fisherProduct(
  model: Model,
  { states, tokens, parameters }: RestingPolicy,
  v: Float32Array,
  damping: number,
): Float32Array {
  const { variables } = model.policy;
  const length = norm(v);
  if (length === 0) return new Float32Array(v.length);
  const step = (RELATIVE_STEP * Math.max(norm(parameters), 1e-3)) / length;
  const rowsAt = (sign: number) => {
    assignVariables(variables, addScaled(parameters, v, sign * step));
    return states.map((state) => hiddenRows(model, state));
  };
  const [ahead, behind] = [rowsAt(1), rowsAt(-1)];
  assignVariables(variables, parameters);

  const gradients: NamedGradients = new Map();
  states.forEach(({ ids, positions }, i) => {
    const tangent = ahead[i]!.map((x, j) => (x - behind[i]![j]!) / (2 * step)); // J v, [N, H]
    const result = model.backbone.backward({ ids }, model.policy, (hidden) => ({
      loss: 0,
      dHidden: curvatureTimes(model.backbone.head, hidden, positions, tangent, 1 / tokens),
      gradients: new Map(),
      metrics: {},
    }));
    addGradients(gradients, result.gradients);
  });
  const product = flattenGradients(variables, gradients);
  disposeGradients(gradients);
  return addScaled(product, v, damping);
}

/** E' (diag(p) - p p') E t for each row, times `scale`, at its place in [B, T, H]. */
function curvatureTimes(
  head: Tensor2D,
  hidden: Tensor3D,
  positions: CompletionPositions,
  tangent: Float32Array,
  scale: number,
): Tensor3D {
  return tf.tidy(() => {
    const rows = gatherPositions(hidden, positions); // [N, H]
    const tangents = tf.tensor2d(tangent, rows.shape); // [N, H]
    const parts = chunks(rows.shape[0], (start, size) => {
      const p = tf.softmax(tf.matMul(slice(rows, start, size), head, false, true)); // [n, V]
      const dLogits = tf.matMul(slice(tangents, start, size), head, false, true); // [n, V]
      const centred = tf.sub(dLogits, tf.sum(tf.mul(p, dLogits), 1, true)); // [n, V]
      return tf.matMul(tf.mul(p, centred) as Tensor2D, head); // [n, H]
    });
    return scatterPositions(tf.mul(tf.concat(parts, 0), scale) as Tensor2D, positions, hidden.shape);
  });
}

/** Mean over tokens of KL(resting policy || current policy), over the whole vocabulary, in nats. */
export function meanDivergence(model: Model, { states, tokens }: RestingPolicy): number {
  let total = 0;
  for (const { ids, positions, hidden } of states) {
    const now = hiddenRows(model, { ids, positions });
    total += tf.tidy(() => {
      const shape: [number, number] = [positions.target.length, model.backbone.config.hiddenSize];
      const [before, after] = [tf.tensor2d(hidden, shape), tf.tensor2d(now, shape)];
      const parts = chunks(shape[0], (start, size) => {
        const old = tf.logSoftmax(tf.matMul(slice(before, start, size), model.backbone.head, false, true)); // [n, V]
        const own = tf.logSoftmax(tf.matMul(slice(after, start, size), model.backbone.head, false, true)); // [n, V]
        return tf.sum(tf.mul(tf.exp(old), tf.sub(old, own)));
      });
      return tf.addN(parts).dataSync()[0]!;
    });
  }
  return total / tokens;
}

/** Solves A x = b for a symmetric positive A (Hestenes and Stiefel 1952); stops early when no residual is left. */
export function conjugateGradient(
  times: (v: Float32Array) => Float32Array,
  b: Float32Array,
  steps: number,
  tolerance = 1e-10,
): Float32Array {
  let x: Float32Array = new Float32Array(b.length);
  let residual: Float32Array = b.slice();
  let direction: Float32Array = b.slice();
  let square = dot(residual, residual);
  for (let i = 0; i < steps && square > tolerance * dot(b, b); i++) {
    const product = times(direction);
    const curvature = dot(direction, product);
    if (!(curvature > 0)) break; // the direction has vanished in rounding
    const alpha = square / curvature;
    x = addScaled(x, direction, alpha);
    residual = addScaled(residual, product, -alpha);
    const next = dot(residual, residual);
    direction = addScaled(residual, direction, next / square);
    square = next;
  }
  return x;
}

function hiddenRows({ backbone, policy }: Model, { ids, positions }: Pick<States, 'ids' | 'positions'>): Float32Array {
  return tf.tidy(() => gatherPositions(backbone.hidden({ ids }, policy), positions).dataSync().slice() as Float32Array);
}

function chunks<Part>(rows: number, visit: (start: number, size: number) => Part): Part[] {
  const parts: Part[] = [];
  for (let start = 0; start < rows; start += CHUNK) {
    parts.push(tf.tidy(() => visit(start, Math.min(CHUNK, rows - start)) as never));
  }
  return parts;
}

const slice = (rows: Tensor2D, start: number, size: number) => tf.slice(rows, [start, 0], [size, -1]) as Tensor2D;

// ---- parameters as one vector --------------------------------------------------------------------------------------

export const flattenVariables = (variables: NamedVariables) =>
  join([...variables.values()].map((variable) => variable.dataSync() as Float32Array));

/** In the order of the variables; a variable without a gradient has zeros. */
export const flattenGradients = (variables: NamedVariables, gradients: NamedGradients) =>
  join(
    [...variables].map(
      ([name, { size }]) => (gradients.get(name)?.dataSync() as Float32Array | undefined) ?? new Float32Array(size),
    ),
  );

export function assignVariables(variables: NamedVariables, flat: Float32Array): void {
  let start = 0;
  for (const variable of variables.values()) {
    const values = flat.subarray(start, start + variable.size);
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    start += variable.size;
  }
}

function join(parts: readonly Float32Array[]): Float32Array {
  const flat = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let start = 0;
  for (const part of parts) {
    flat.set(part, start);
    start += part.length;
  }
  return flat;
}

/** x + scale * y. */
export const addScaled = (x: Float32Array, y: Float32Array, scale: number) =>
  x.map((value, i) => value + scale * y[i]!);

export function dot(x: Float32Array, y: Float32Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i]! * y[i]!;
  return total;
}

const norm = (x: Float32Array) => Math.sqrt(dot(x, x));
