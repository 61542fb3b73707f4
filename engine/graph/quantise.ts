// Turns weights into the int8 blocks of 32 that MatMulNBits and GatherBlockQuantized read.

import type { WeightTensor } from '@/core/base/weights';
import { AttuneError } from '@/core/errors';
import { halfTable } from '@/core/formats/half';

export const BLOCK_SIZE = 32;
const Q8_0_BLOCK_BYTES = 34; // one f16 scale and 32 int8 codes

export interface Int8Blocks {
  /** Codes plus 128, row-major [out, in]. */
  codes: Uint8Array;
  /** One per block, [out, in / 32]: w = (code - 128) * scale. */
  scales: Float32Array;
}

/** Symmetric round-to-nearest per block of 32 along `in`: scale = max|w| / 127. */
export function quantiseInt8(values: Float32Array): Int8Blocks {
  const blocks = values.length / BLOCK_SIZE;
  const codes = new Uint8Array(values.length);
  const scales = new Float32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const start = block * BLOCK_SIZE;
    let largest = 0;
    for (let i = start; i < start + BLOCK_SIZE; i++) largest = Math.max(largest, Math.abs(values[i]!));
    const scale = Math.fround(largest / 127);
    scales[block] = scale;
    const inverse = scale > 0 ? 1 / scale : 0;
    for (let i = start; i < start + BLOCK_SIZE; i++) codes[i] = Math.round(values[i]! * inverse) + 128;
  }
  return { codes, scales };
}

/** Q8_0 maps exactly: the same codes plus 128 and the same scales. */
export function convertQ8(bytes: Uint8Array): Int8Blocks {
  const blocks = bytes.length / Q8_0_BLOCK_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const codes = new Uint8Array(blocks * BLOCK_SIZE);
  const scales = new Float32Array(blocks);
  const halves = halfTable();
  for (let block = 0; block < blocks; block++) {
    const at = block * Q8_0_BLOCK_BYTES;
    scales[block] = halves[view.getUint16(at, true)]!;
    for (let i = 0; i < BLOCK_SIZE; i++) codes[block * BLOCK_SIZE + i] = view.getInt8(at + 2 + i) + 128;
  }
  return { codes, scales };
}

/** The file's own codes if it is Q8_0, else quantised from the dequantised values. */
export function int8Blocks(tensor: WeightTensor): Int8Blocks {
  const columns = tensor.shape[1] ?? 0;
  if (columns === 0 || columns % BLOCK_SIZE !== 0) {
    throw new AttuneError(
      'UNSUPPORTED',
      `${tensor.name} has ${columns} columns; int8 needs a multiple of ${BLOCK_SIZE}. Serve this base in fp32.`,
    );
  }
  const own = tensor.blocks();
  return own?.encoding === 'Q8_0' ? convertQ8(own.bytes) : quantiseInt8(tensor.float32());
}

/** Stacks the rows of several matrices that share their number of columns. */
export function concatBlocks(parts: Int8Blocks[]): Int8Blocks {
  const codes = new Uint8Array(parts.reduce((sum, part) => sum + part.codes.length, 0));
  const scales = new Float32Array(parts.reduce((sum, part) => sum + part.scales.length, 0));
  let code = 0;
  let scale = 0;
  for (const part of parts) {
    codes.set(part.codes, code);
    scales.set(part.scales, scale);
    code += part.codes.length;
    scale += part.scales.length;
  }
  return { codes, scales };
}

/** [out, in] of several matrices, rows stacked, to one [in, total out]. */
export function transposeRows(parts: Float32Array[], columns: number): Float32Array {
  const rows = parts.reduce((sum, part) => sum + part.length / columns, 0);
  const out = new Float32Array(rows * columns); // [in, total out]
  let base = 0;
  for (const part of parts) {
    const partRows = part.length / columns;
    for (let row = 0; row < partRows; row++) {
      for (let column = 0; column < columns; column++) out[column * rows + base + row] = part[row * columns + column]!;
    }
    base += partRows;
  }
  return out;
}
