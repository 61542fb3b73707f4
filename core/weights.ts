// What every reader of weight files returns: named tensors under transformers' names, read on demand.
import type { ModelConfig } from './model-config';

export type WeightEncoding = 'F32' | 'F16' | 'BF16' | 'Q8_0' | 'Q4_0' | 'Q4_1';

/** Codes of a tensor as the file holds them, row-major [out, in], rows already in transformers' order. */
export interface QuantisedBlocks {
  encoding: 'Q8_0' | 'Q4_1' | 'Q4_0';
  /** The file's own blocks, block after block along `in`. */
  bytes: Uint8Array;
}

export interface WeightTensor {
  /** transformers' name, for example `model.layers.0.self_attn.q_proj.weight`. */
  name: string;
  /** Row-major, slowest axis first: [out, in]. */
  shape: number[];
  encoding: WeightEncoding;
  /** Dequantised values; computed at each call, kept by the caller alone. */
  float32(): Float32Array;
  /** The file's own codes where the tensor is quantised, for an exact re-encoding. */
  blocks(): QuantisedBlocks | null;
}

export interface ModelWeights {
  config: ModelConfig;
  names: string[];
  /** Throws NOT_FOUND naming the tensor and the file. */
  tensor(name: string): WeightTensor;
}
