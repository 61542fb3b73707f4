// What the algorithms of the trainer see of the model: a trunk, named trainable tensors, and one backward pass.
import type { Tensor, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs';
import type { Adapter } from '@/core/artifact/adapter';
import type { ModelConfig } from '@/core/base/model-config';

/** Trainable tensors by name; the optimiser's moments are kept under the same names. */
export type NamedVariables = Map<string, Variable>;
export type NamedGradients = Map<string, Tensor>;

/** Rows of token ids; padding is added inside, for attention alone, and costs the other products nothing. */
export interface TokenBatch {
  ids: Int32Array[]; // B rows of any length
  /** How each row is packed: its segments in order. Absent, every row is one sequence. `packAnswers` makes them. */
  segments?: readonly (readonly Segment[])[];
}

/**
 * A part of a packed row. It sees its own earlier tokens and those of the segments that it continues, nothing else, so
 * that unlike sequences share a row without meeting, and several answers stand behind one prompt.
 */
export interface Segment {
  length: number;
  /** Index in the row of the earlier segment that it continues; its positions go on from there. Absent: it starts at 0. */
  after?: number;
}

/** LoRA variables of one adapter: `layers.0.self_attn.q_proj.lora_A` [in, r] and `.lora_B` [r, out], transposed from PEFT's. */
export interface Lora {
  readonly rank: number;
  readonly alpha: number;
  /** The blocks from here on have pairs; those below are the base's own, so that what enters this one never changes. */
  readonly firstLayer: number;
  readonly variables: NamedVariables;
  /** Blocks without pairs get pairs of zeros: every reader sees a whole adapter that does the same. */
  toAdapter(): Adapter;
  /** Copies an adapter's values in; shapes are checked. */
  assign(adapter: Adapter): void;
  dispose(): void;
}

export interface Backbone {
  readonly config: ModelConfig;
  /** The embedding, which is the tied head too. [V, H] */
  readonly embedding: Tensor2D;
  /** The head where it is not tied, else the embedding. [V, H] */
  readonly head: Tensor2D;
  /** Hidden states after the final norm, without a tape. lora null is the base alone. [B, T, H] */
  hidden(batch: TokenBatch, lora: Lora | null, entering?: Tensor2D): Tensor3D;
  /**
   * What enters a block of the base, for the tokens of all rows, row after row. [N, H]
   * `visit` sees what enters each block up to that one on the way; the tensors are the trunk's.
   */
  entering(batch: TokenBatch, layer: number, visit?: (layer: number, states: Tensor2D) => void): Tensor2D;
  /**
   * One forward and one backward pass, block by block, without a tape. Each block's input is kept and, as far as the
   * trunk's memory budget goes, what its backward pass needs; the other blocks are computed a second time.
   * `loss` gets the hidden states [B, T, H] and returns the loss, its gradient for them, the gradients of any head
   * variables that it owns, and figures to log. Gradients for LoRA come back under the names of `lora.variables`.
   * The pass goes down to `lora.firstLayer` and no further; `entering`, here and in `hidden`, is what enters that block
   * (the caller's tensor), known already, and saves the blocks below.
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
 * Which hidden states predict which tokens. In a plain row target is ids[row][position + 1]; behind a shared prompt its
 * last hidden state predicts the first token of every answer, so that the same position may come several times.
 */
export interface CompletionPositions {
  row: Int32Array; // N
  position: Int32Array; // N, index in the row
  target: Int32Array; // N, the token that follows
}
