// AdamW over named variables, gradient clipping by global norm, and learning-rate schedules.
import { AttuneError } from '@/core/errors';
import { scoped, type Tensor, tf, type Variable } from '@/trainer/backend';
import type { NamedGradients, NamedVariables } from './types';

export interface AdamWConfig {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled (Loshchilov and Hutter 2019): the variable shrinks by lr * weightDecay each step. */
  weightDecay: number;
  /**
   * `torch` adds epsilon after the bias correction of v, `tf1` before it. With epsilon 1e-5 the first steps of torch style
   * are several times larger (N-details: approxkl 0.00237 against 0.00037), so warm up.
   */
  epsilonStyle: 'torch' | 'tf1';
}

export const ADAMW_DEFAULTS: AdamWConfig = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-5,
  weightDecay: 0,
  epsilonStyle: 'torch',
};

/** The state that a checkpoint needs for a next step that is equal bit for bit. */
export interface OptimiserState {
  /** By variable name; `step` counts the updates of that variable. */
  moments: Map<string, { step: number; m: Float32Array; v: Float32Array }>;
}

interface Slot {
  step: number;
  m: Variable;
  v: Variable;
}

export class AdamW {
  readonly config: AdamWConfig;
  private readonly slots = new Map<string, Slot>();

  constructor(config: Partial<AdamWConfig> = {}) {
    this.config = { ...ADAMW_DEFAULTS, ...config };
  }

  /**
   * Updates the variables that have a gradient, which may be any subset. The caller keeps ownership of the gradients.
   */
  step(variables: NamedVariables, gradients: NamedGradients, lr: number | ((name: string) => number)): void {
    for (const name of gradients.keys()) {
      if (!variables.has(name)) {
        throw new AttuneError('INTERNAL', `There is a gradient for ${name}, which is not a variable.`);
      }
    }
    for (const [name, { shape }] of gradients) this.slot(name, shape).step++;
    const rateOf = (name: string) => (typeof lr === 'number' ? lr : lr(name));
    const stepOf = (name: string) => this.slots.get(name)!.step;
    for (const names of alike(gradients, (name) => `${stepOf(name)} ${rateOf(name)}`)) {
      const [first] = names as [string];
      this.update(names, { variables, gradients, step: stepOf(first), lr: rateOf(first) });
    }
  }

  private update(names: readonly string[], { variables, gradients, step, lr }: Update): void {
    const { beta1, beta2, epsilon, weightDecay, epsilonStyle } = this.config;
    const slots = names.map((name) => this.slots.get(name)!);
    const correction1 = 1 - beta1 ** step;
    const correction2 = Math.sqrt(1 - beta2 ** step);
    tf.tidy(() => {
      const gradient = stackOf(gradients, names);
      const m = tf.add(tf.mul(tf.stack(slots.map(({ m }) => m)), beta1), tf.mul(gradient, 1 - beta1));
      const v = tf.add(tf.mul(tf.stack(slots.map(({ v }) => v)), beta2), tf.mul(tf.square(gradient), 1 - beta2));
      // sqrt(v) / correction2 + epsilon, over correction2 / correction2: torch's epsilon shrinks by correction2.
      const floor = epsilonStyle === 'torch' ? epsilon * correction2 : epsilon;
      const direction = tf.div(m, tf.add(tf.sqrt(v), floor));
      const before = stackOf(variables, names);
      const kept = weightDecay === 0 ? before : tf.mul(before, 1 - lr * weightDecay);
      const after = tf.sub(kept, tf.mul(direction, (lr * correction2) / correction1));
      tf.unstack(m).forEach((part, i) => void slots[i]!.m.assign(part));
      tf.unstack(v).forEach((part, i) => void slots[i]!.v.assign(part));
      tf.unstack(after).forEach((part, i) => void variables.get(names[i]!)!.assign(part));
    });
  }

  private slot(name: string, shape: number[]): Slot {
    let slot = this.slots.get(name);
    if (!slot) {
      slot = { step: 0, m: zeroVariable(shape), v: zeroVariable(shape) };
      this.slots.set(name, slot);
    }
    return slot;
  }

  state(): OptimiserState {
    const moments: OptimiserState['moments'] = new Map();
    for (const [name, { step, m, v }] of this.slots) {
      moments.set(name, { step, m: m.dataSync().slice() as Float32Array, v: v.dataSync().slice() as Float32Array });
    }
    return { moments };
  }

  /** `variables` gives the shapes; throws CORRUPT if a saved moment does not fit its variable. */
  restore({ moments }: OptimiserState, variables: NamedVariables): void {
    this.dispose();
    for (const [name, { step, m, v }] of moments) {
      const variable = variables.get(name);
      if (variable?.size !== m.length || m.length !== v.length) {
        throw new AttuneError(
          'CORRUPT',
          `The checkpoint's moments of ${name} do not fit this model. Start the run again.`,
        );
      }
      const restored = (values: Float32Array) => tf.tidy(() => tf.variable(tf.tensor(values, variable.shape)));
      this.slots.set(name, { step, m: restored(m), v: restored(v) });
    }
  }

  dispose(): void {
    for (const { m, v } of this.slots.values()) tf.dispose([m, v]);
    this.slots.clear();
  }
}

interface Update {
  variables: NamedVariables;
  gradients: NamedGradients;
  /** Number of updates of these variables, including this one. */
  step: number;
  lr: number;
}

/** Groups the names of tensors by shape and, if given, by `kind`: one native operation serves a whole group. */
function alike(tensors: ReadonlyMap<string, Tensor>, kind: (name: string) => string = () => ''): string[][] {
  const groups = new Map<string, string[]>();
  for (const [name, { shape }] of tensors) {
    const key = `${shape} ${kind(name)}`;
    const group = groups.get(key);
    if (group) group.push(name);
    else groups.set(key, [name]);
  }
  return [...groups.values()];
}

/** [n, ...shape] */
const stackOf = (tensors: ReadonlyMap<string, Tensor>, names: readonly string[]): Tensor =>
  tf.stack(names.map((name) => tensors.get(name)!));

const zeroVariable = (shape: number[]) => tf.tidy(() => tf.variable(tf.zeros(shape)));

/** The l2 norm of all gradients as one vector. Throws naming the first gradient that is not finite. */
export function globalNorm(gradients: NamedGradients): number {
  if (gradients.size === 0) return 0;
  const groups = alike(gradients);
  const squares = tf.tidy(() => {
    const sums = groups.map((names) => tf.sum(tf.reshape(tf.square(stackOf(gradients, names)), [names.length, -1]), 1));
    return tf.concat(sums).dataSync() as Float32Array;
  });
  const bad = squares.findIndex((square) => !Number.isFinite(square));
  if (bad >= 0) {
    throw new AttuneError(
      'INTERNAL',
      `The gradient of ${groups.flat()[bad]} is not finite. Lower the learning rate and start again.`,
    );
  }
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

/**
 * Scales the gradients, in place of the old tensors, to a global norm of at most maxNorm; returns the norm before
 * (torch.nn.utils.clip_grad_norm_: factor = maxNorm / (norm + 1e-6), at most 1).
 */
export function clipByGlobalNorm(gradients: NamedGradients, maxNorm: number): number {
  const norm = globalNorm(gradients);
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1) scaleGradients(gradients, factor);
  return norm;
}

/** gradients *= factor. */
export function scaleGradients(gradients: NamedGradients, factor: number): void {
  for (const names of alike(gradients)) {
    const scaled = scoped(() => tf.unstack(tf.mul(stackOf(gradients, names), factor)));
    for (const [i, name] of names.entries()) {
      gradients.get(name)!.dispose();
      gradients.set(name, scaled[i]!);
    }
  }
}

/** sum += part, for accumulation over micro-batches; `part` is emptied, and its tensors are consumed. */
export function addGradients(sum: NamedGradients, part: NamedGradients): void {
  for (const [name, gradient] of part) {
    const earlier = sum.get(name);
    sum.set(name, earlier ? tf.add(earlier, gradient) : gradient);
    if (earlier) tf.dispose([earlier, gradient]);
  }
  part.clear();
}

export const disposeGradients = (gradients: NamedGradients) => tf.dispose([...gradients.values()]);

export interface Schedule {
  kind: 'constant' | 'linear' | 'cosine';
  /** Highest rate, reached at the end of the warm-up. */
  lr: number;
  warmupSteps: number;
  totalSteps: number;
  /** Share of lr that is left at totalSteps. */
  finalRatio?: number;
}

/** The rate of the step-th update, counted from 0: linear from lr / warmupSteps to lr, then as `kind` says. */
export function learningRateAt({ kind, lr, warmupSteps, totalSteps, finalRatio = 0 }: Schedule, step: number): number {
  if (step < warmupSteps) return (lr * (step + 1)) / warmupSteps;
  if (kind === 'constant') return lr;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const left = kind === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
  return lr * (finalRatio + (1 - finalRatio) * left);
}
