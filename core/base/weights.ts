// Declares what every reader of weight files returns: tensors under transformers' names, read on demand.
import type { ModelConfig } from './model-config';

export type FloatEncoding = 'F32' | 'F16' | 'BF16';
export type BlockEncoding = 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q4_K' | 'Q5_K' | 'Q6_K';
export type WeightEncoding = FloatEncoding | BlockEncoding;

/** A tensor's codes as stored in the file, row-major [out, in], with rows already in transformers' order. */
export interface QuantisedBlocks {
  encoding: BlockEncoding;
  /** The file's own blocks, consecutive along `in`. */
  bytes: Uint8Array;
}

export interface WeightTensor {
  /** transformers' name, for example `model.layers.0.self_attn.q_proj.weight`. */
  name: string;
  /** Row-major, slowest axis first: [out, in]. */
  shape: number[];
  encoding: WeightEncoding;
  /** Dequantised values, computed at each call and not kept here. */
  float32(): Float32Array;
  /** The file's own codes, for an exact re-encoding; null if the tensor is not quantised. */
  blocks(): QuantisedBlocks | null;
}

export interface ModelWeights {
  config: ModelConfig;
  names: string[];
  /** Throws NOT_FOUND naming the tensor and the file. */
  tensor(name: string): WeightTensor;
}
