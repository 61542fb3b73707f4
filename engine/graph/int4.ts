// Multiplies by Q4_1 weights with the file's own four-bit codes.

import type { WeightTensor } from '@/core/base/weights';
import { halfTable } from '@/core/formats/half';
import { BLOCK_SIZE } from './quantise';
import type { Graph } from './writer';

const Q4_1_BLOCK_BYTES = 20; // an f16 scale d, an f16 minimum m, 32 codes of four bits: w = d * code + m
const CODES = 16;
const CENTRE = 8;

/**
 * w = (code - zeroPoint) * scale over K + extra columns. Q4_1's minimum is not a whole multiple of its scale, so each
 * block of a row keeps a remainder m + d * zeroPoint, at most d / 2, which every weight of the block shares. The
 * remainders are the row's extra columns, which are multiplied by the sums of the input's blocks; they are padded to
 * whole blocks.
 */
interface Int4Blocks {
  codes: Uint8Array; // [out, blocks, 16]
  scales: Float32Array; // [out, blocks]
  zeroPoints: Uint8Array; // [out, ceil(blocks / 2)]
}

/** Number of columns that the remainders of K columns take. */
const remainderColumns = (columns: number) => Math.ceil(columns / BLOCK_SIZE / BLOCK_SIZE) * BLOCK_SIZE;

/**
 * Decoding is bound by the bytes of the weights, and the feed-forward has three quarters of them: one stream is 1.2
 * times as fast as in int8, at the same KL, and a prompt takes 1.15 times as long. Attention's projections would gain
 * 1 % more.
 */
export const keepsInt4 = ({ name, encoding }: WeightTensor) => encoding === 'Q4_1' && name.includes('.mlp.');

/** x [.., in] times the stacked rows: [.., total out]. */
export function int4Linear(graph: Graph, x: string, name: string, tensors: WeightTensor[]): string {
  const columns = tensors[0]!.shape[1]!;
  const extra = remainderColumns(columns);
  const rows = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
  const perRow = (columns + extra) / BLOCK_SIZE;
  const blocks = int4Blocks(tensors);
  const codes = graph.initialiser(`${name}.codes4`, [rows, perRow, CODES], () => blocks.codes);
  const scales = graph.initialiser(`${name}.scales4`, [rows * perRow], () => blocks.scales);
  const zeroPoints = graph.initialiser(`${name}.zeros4`, [rows * Math.ceil(perRow / 2)], () => blocks.zeroPoints);
  const extended = graph.once(`${x} with block sums`, () => {
    const sums = graph.initialiser(`blockSums.${columns}`, [columns, extra], () => blockSums(columns));
    return graph.op('Concat', [x, graph.op('MatMul', [x, sums])], { axis: -1 }); // [.., in + extra]
  });
  return graph.op('MatMulNBits', [extended, codes, scales, zeroPoints], {
    K: columns + extra,
    N: rows,
    bits: 4,
    block_size: BLOCK_SIZE,
    accuracy_level: 4,
  });
}

function int4Blocks(tensors: WeightTensor[]): Int4Blocks {
  const columns = tensors[0]!.shape[1]!;
  const own = columns / BLOCK_SIZE;
  const blocks = own + remainderColumns(columns) / BLOCK_SIZE;
  const rows = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
  const codes = new Uint8Array(rows * blocks * CODES);
  const scales = new Float32Array(rows * blocks);
  const zeroBytes = Math.ceil(blocks / 2);
  const zeroPoints = new Uint8Array(rows * zeroBytes);
  const halves = halfTable();
  let row = 0;
  for (const tensor of tensors) {
    const { bytes } = tensor.blocks()!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let end = row + tensor.shape[0]!, at = 0; row < end; row++) {
      const remainders = new Float32Array((blocks - own) * BLOCK_SIZE);
      const setZeroPoint = (block: number, zero: number) => {
        zeroPoints[row * zeroBytes + (block >> 1)]! |= zero << (4 * (block & 1));
      };
      for (let block = 0; block < own; block++, at += Q4_1_BLOCK_BYTES) {
        const d = halves[view.getUint16(at, true)]!;
        const m = halves[view.getUint16(at + 2, true)]!;
        const zero = d === 0 ? 0 : Math.min(15, Math.max(0, Math.round(-m / d)));
        remainders[block] = m + d * zero;
        scales[row * blocks + block] = d;
        setZeroPoint(block, zero);
        // The file pairs code j with j + 16 in a byte, MatMulNBits 2j with 2j + 1.
        const codeOf = (i: number) => (i < CODES ? bytes[at + 4 + i]! & 15 : bytes[at + 4 + i - CODES]! >> 4);
        for (let j = 0; j < CODES; j++)
          codes[(row * blocks + block) * CODES + j] = codeOf(2 * j) | (codeOf(2 * j + 1) << 4);
      }
      for (let block = own; block < blocks; block++) {
        const values = remainders.subarray((block - own) * BLOCK_SIZE, (block - own + 1) * BLOCK_SIZE);
        const scale = Math.fround(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 7);
        const code = (i: number) => (scale === 0 ? CENTRE : Math.round(values[i]! / scale) + CENTRE);
        scales[row * blocks + block] = scale;
        setZeroPoint(block, CENTRE);
        for (let j = 0; j < CODES; j++)
          codes[(row * blocks + block) * CODES + j] = code(2 * j) | (code(2 * j + 1) << 4);
      }
    }
  }
  return { codes, scales, zeroPoints };
}

/** [K, extra]: column b sums block b of the input. */
function blockSums(columns: number): Float32Array {
  const extra = remainderColumns(columns);
  const sums = new Float32Array(columns * extra);
  for (let column = 0; column < columns; column++) sums[column * extra + Math.floor(column / BLOCK_SIZE)] = 1;
  return sums;
}
