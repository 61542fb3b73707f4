// The trainer's algorithms see the model through these types: a backbone, named trainable tensors, one backward pass.
import type { Tensor, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs';
import type { Adapter } from '@/core/artifact/adapter';
import type { ModelConfig } from '@/core/base/model-config';

/** Trainable tensors by name; the optimiser's moments are kept under the same names. */
export type NamedVariables = Map<string, Variable>;
export type NamedGradients = Map<string, Tensor>;

/** Rows of token ids; padding is added inside, only for attention, and costs the other products nothing. */
export interface TokenBatch {
  ids: Int32Array[]; // B rows of any length
  /** How each row is packed: its segments in order, made by `packCompletions`. If absent, every row is one sequence. */
  segments?: readonly (readonly Segment[])[];
}

/**
 * A part of a packed row. It sees only its own earlier tokens and those of the segments that it continues, so unrelated
 * sequences can share a row, and several completions can share a prompt.
 */
export interface Segment {
  length: number;
  /**
   * Index in the row of the earlier segment that it continues; its positions continue from there. If absent, it starts
   * at 0.
   */
  after?: number;
}

/** LoRA variables of one adapter: `layers.0.self_attn.q_proj.lora_A` [in, r] and `.lora_B` [r, out], transposed from PEFT's. */
export interface Lora {
  readonly rank: number;
  readonly alpha: number;
  /** First block with pairs; the blocks below are frozen, so the states that enter this one never change. */
  readonly firstLayer: number;
  readonly variables: NamedVariables;
  /** Blocks without pairs get pairs of zeros: every reader sees a complete adapter with the same effect. */
  toAdapter(): Adapter;
  /** Copies an adapter's values in; shapes are checked. */
  assign(adapter: Adapter): void;
  dispose(): void;
}

export interface Backbone {
  readonly config: ModelConfig;
  /** The embedding, which is also the tied head. [V, H] */
  readonly embedding: Tensor2D;
  /** The head if it is not tied, else the embedding. [V, H] */
  readonly head: Tensor2D;
  /** Hidden states after the final norm, without a tape. lora null is only the base. [B, T, H] */
  hidden(batch: TokenBatch, lora: Lora | null, entering?: Tensor2D): Tensor3D;
  /**
   * The states that enter a block of the base, for the tokens of all rows, row after row. [N, H]
   * `visit` sees the states that enter each block up to that one; the backbone owns those tensors.
   */
  entering(batch: TokenBatch, layer: number, visit?: (layer: number, states: Tensor2D) => void): Tensor2D;
  /**
   * One forward and one backward pass, block by block, without a tape. Each block's input is kept and, within the
   * backbone's memory budget, what its backward pass needs; the other blocks are computed a second time.
   * `loss` gets the hidden states [B, T, H] and returns the loss, its gradient with respect to them, the gradients of
   * any head variables that it owns, and figures to log. LoRA gradients are returned under the names of
   * `lora.variables`. The pass goes down to `lora.firstLayer` and no further. `entering`, here and in `hidden`, holds
   * the known states that enter that block; the caller owns the tensor, and the blocks below are not computed.
   */
  backward(
    batch: TokenBatch,
    lora: Lora,
    loss: (hidden: Tensor3D) => HeadLoss,
    entering?: Tensor2D,
  ): { loss: number; gradients: NamedGradients; metrics: Record<string, number> };
  dispose(): void;
}

export interface HeadLoss {
  loss: number;
  dHidden: Tensor3D; // [B, T, H]
  gradients: NamedGradients; // of the head's own variables
  metrics: Record<string, number>;
}

/**
 * Which hidden states predict which tokens. In a plain row target is ids[row][position + 1]. The last hidden state of a
 * shared prompt predicts the first token of every completion, so the same position may occur several times.
 */
export interface CompletionPositions {
  row: Int32Array; // N
  position: Int32Array; // N, index in the row
  target: Int32Array; // N, the token that follows
}
