// ggml's block formats: 32 weights a block, decoded to float32.
import { bfloat16ToFloat32, halfTable, halfToFloat32 } from './half';
import type { WeightEncoding } from './weights';

/** Weights in one block, and bytes that it takes. */
const LAYOUT: Record<WeightEncoding, { weights: number; bytes: number }> = {
  F32: { weights: 1, bytes: 4 },
  F16: { weights: 1, bytes: 2 },
  BF16: { weights: 1, bytes: 2 },
  Q8_0: { weights: 32, bytes: 34 },
  Q4_0: { weights: 32, bytes: 18 },
  Q4_1: { weights: 32, bytes: 20 },
};

export const isBlockEncoding = (encoding: WeightEncoding): encoding is 'Q8_0' | 'Q4_0' | 'Q4_1' =>
  LAYOUT[encoding].weights > 1;

/** Bytes of `count` weights along the fastest axis; not whole where count is not a multiple of the block. */
export const encodedBytes = (encoding: WeightEncoding, count: number): number =>
  (count / LAYOUT[encoding].weights) * LAYOUT[encoding].bytes;

/** Bytes as they stand in the file to float32, in the same order. `bytes` must start at an even offset of its buffer. */
export function dequantise(encoding: WeightEncoding, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  switch (encoding) {
    case 'F32':
      return new Float32Array(bytes.slice().buffer);
    case 'F16':
      return halfToFloat32(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2));
    case 'Q8_0':
      return dequantiseQ8(bytes);
    case 'Q4_0':
      return dequantiseQ4(bytes, 18);
    case 'Q4_1':
      return dequantiseQ4(bytes, 20);
  }
}

/** f16 d, 32 int8 q: w = d q. */
function dequantiseQ8(bytes: Uint8Array): Float32Array {
  const half = halfTable();
  const out = new Float32Array((bytes.length / 34) * 32);
  for (let at = 0, o = 0; at < bytes.length; at += 34) {
    const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let j = 2; j < 34; j++) out[o++] = (d * (bytes[at + j]! << 24)) / 2 ** 24;
  }
  return out;
}

/** Q4_0 (18 bytes): f16 d, 16 bytes, w = d (q - 8). Q4_1 (20 bytes): f16 d, f16 m, 16 bytes, w = d q + m.
 *  The low nibble of byte j is weight j, the high nibble weight j + 16. */
function dequantiseQ4(bytes: Uint8Array, stride: 18 | 20): Float32Array {
  const half = halfTable();
  const out = new Float32Array((bytes.length / stride) * 32);
  for (let at = 0, o = 0; at < bytes.length; at += stride, o += 32) {
    const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const m = stride === 20 ? half[bytes[at + 2]! | (bytes[at + 3]! << 8)]! : -8 * d;
    const codes = at + stride - 16;
    for (let j = 0; j < 16; j++) {
      const q = bytes[codes + j]!;
      out[o + j] = d * (q & 15) + m;
      out[o + j + 16] = d * (q >> 4) + m;
    }
  }
  return out;
}
