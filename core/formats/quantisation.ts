// Decodes ggml's block formats, of 32 weights or of 256 in smaller groups, to float32.

import type { BlockEncoding, WeightEncoding } from '@/core/base/weights';
import { notFinite } from './finite';
import { bfloat16ToFloat32, halfTable, halfToFloat32 } from './half';

/** The weights in one block, its bytes, and the offsets of the halves that scale its weights. */
const LAYOUT: Record<WeightEncoding, { weights: number; bytes: number; halves: number[] }> = {
  F32: { weights: 1, bytes: 4, halves: [] },
  F16: { weights: 1, bytes: 2, halves: [0] },
  BF16: { weights: 1, bytes: 2, halves: [] },
  Q8_0: { weights: 32, bytes: 34, halves: [0] },
  Q4_0: { weights: 32, bytes: 18, halves: [0] },
  Q4_1: { weights: 32, bytes: 20, halves: [0, 2] },
  Q5_0: { weights: 32, bytes: 22, halves: [0] },
  Q5_1: { weights: 32, bytes: 24, halves: [0, 2] },
  Q4_K: { weights: 256, bytes: 144, halves: [0, 2] },
  Q5_K: { weights: 256, bytes: 176, halves: [0, 2] },
  Q6_K: { weights: 256, bytes: 210, halves: [208] },
};
export const ENCODINGS = Object.keys(LAYOUT) as WeightEncoding[];

export const isBlockEncoding = (encoding: WeightEncoding): encoding is BlockEncoding => LAYOUT[encoding].weights > 1;

/** Bytes of `count` weights along the fastest axis; not a whole number if count is not a multiple of the block. */
export const encodedBytes = (encoding: WeightEncoding, count: number): number =>
  (count / LAYOUT[encoding].weights) * LAYOUT[encoding].bytes;

/** Throws CORRUPT unless the weights in these bytes are finite; `name` names file and tensor in the error. */
export function checkFinite(encoding: WeightEncoding, bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const { bytes: stride, halves } = LAYOUT[encoding];
  let isFine = true;
  if (encoding === 'F32' || encoding === 'BF16') {
    // In infinity and NaN every bit of the exponent is set.
    const step = encoding === 'F32' ? 4 : 2;
    for (let at = step - 2; at < bytes.length; at += step) {
      if ((bytes[at + 1]! & 0x7f) === 0x7f && bytes[at]! >= 0x80) isFine = false;
    }
  } else {
    for (const half of halves) {
      for (let at = half + 1; at < bytes.length; at += stride) if ((bytes[at]! & 0x7c) === 0x7c) isFine = false;
    }
  }
  if (!isFine) throw notFinite(name);
}

/** Decodes a file's bytes to float32 in the same order. `bytes` must start at an even offset of its buffer. */
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
    case 'Q5_0':
      return dequantiseQ5(bytes, 22);
    case 'Q5_1':
      return dequantiseQ5(bytes, 24);
    case 'Q4_K':
      return dequantiseQ4K(bytes, 144);
    case 'Q5_K':
      return dequantiseQ4K(bytes, 176);
    case 'Q6_K':
      return dequantiseQ6K(bytes);
  }
}

const readHalf = (bytes: Uint8Array, at: number) => halfTable()[bytes[at]! | (bytes[at + 1]! << 8)]!;

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

/** Q5_0 (22 bytes): f16 d, u32 high bits, 16 bytes, w = d (q - 16). Q5_1 (24 bytes): f16 m after d, w = d q + m.
 *  Nibbles as in Q4; bit j of the high bits is the fifth bit of weight j. */
function dequantiseQ5(bytes: Uint8Array, stride: 22 | 24): Float32Array {
  const out = new Float32Array((bytes.length / stride) * 32);
  for (let at = 0, o = 0; at < bytes.length; at += stride, o += 32) {
    const d = readHalf(bytes, at);
    const m = stride === 24 ? readHalf(bytes, at + 2) : -16 * d;
    const codes = at + stride - 16;
    for (let j = 0; j < 32; j++) {
      const nibble = j < 16 ? bytes[codes + j]! & 15 : bytes[codes + j - 16]! >> 4;
      const high = (bytes[codes - 4 + (j >> 3)]! >> (j & 7)) & 1;
      out[o + j] = d * (nibble | (high << 4)) + m;
    }
  }
  return out;
}

/**
 * Q4_K (144 bytes): f16 d, f16 m, 12 bytes of 6-bit scales, 128 bytes of codes; Q5_K (176 bytes): 32 bytes of fifth
 * bits before the codes. Eight groups of 32, each with scale s and minimum t: w = d s q - m t. Groups 2g and 2g + 1 are
 * the low and high nibbles of bytes 32g to 32g + 31; bit g of high byte j is the fifth bit of weight j of group g.
 */
function dequantiseQ4K(bytes: Uint8Array, stride: 144 | 176): Float32Array {
  const out = new Float32Array((bytes.length / stride) * 256);
  for (let at = 0, o = 0; at < bytes.length; at += stride) {
    const d = readHalf(bytes, at);
    const m = readHalf(bytes, at + 2);
    const packed = at + 4;
    const highs = at + 16;
    const codes = at + stride - 128;
    for (let group = 0; group < 8; group++) {
      // The first four groups have their six bits in one byte; the others take two from the top of those four bytes.
      const [low, high] = [bytes[packed + (group & 3)]!, bytes[packed + 4 + (group & 3)]!];
      const rest = bytes[packed + 8 + (group & 3)]!;
      const scale = d * (group < 4 ? low & 63 : (rest & 15) | ((low >> 6) << 4));
      const minimum = m * (group < 4 ? high & 63 : (rest >> 4) | ((high >> 6) << 4));
      const start = codes + 32 * (group >> 1);
      for (let j = 0; j < 32; j++) {
        const nibble = (bytes[start + j]! >> (4 * (group & 1))) & 15;
        const fifth = stride === 176 ? ((bytes[highs + j]! >> group) & 1) << 4 : 0;
        out[o++] = scale * (nibble | fifth) - minimum;
      }
    }
  }
  return out;
}

/**
 * Q6_K (210 bytes): 128 bytes of low nibbles, 64 of upper bit pairs, 16 int8 scales, f16 d: w = d s (q - 32). In each
 * half of 128 weights, the four quarters of 32 take the low, low, high, high nibbles of the bytes that begin at 0, 32,
 * 0, 32, and bit pairs 0 to 3 of one byte.
 */
function dequantiseQ6K(bytes: Uint8Array): Float32Array {
  const out = new Float32Array((bytes.length / 210) * 256);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0, o = 0; at < bytes.length; at += 210) {
    const d = readHalf(bytes, at + 208);
    for (let quarter = 0; quarter < 8; quarter++) {
      const part = quarter & 3;
      const half = quarter >> 2;
      const lows = at + 64 * half + 32 * (part & 1);
      const highs = at + 128 + 32 * half;
      for (let j = 0; j < 32; j++) {
        const q = ((bytes[lows + j]! >> (4 * (part >> 1))) & 15) | (((bytes[highs + j]! >> (2 * part)) & 3) << 4);
        const scale = signed[at + 192 + 2 * quarter + (j >> 4)]!;
        out[o++] = d * scale * (q - 32);
      }
    }
  }
  return out;
}
