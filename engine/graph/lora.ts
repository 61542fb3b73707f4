// Lays adapters out as the graph's LoRA inputs: groups fused, versions side by side along the rank.
import { Tensor } from 'onnxruntime-node';
import { type Adapter, checkAdapter, loraKey } from '@/core/adapter';
import { AttuneError } from '@/core/errors';
import { type ModelConfig, type Projection, projectionShape } from '@/core/model-config';
import { LORA_GROUPS, type LoraGroup, loraInput } from './blocks';

const MEMBERS: Record<LoraGroup, Projection[]> = {
  qkv: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  o: ['self_attn.o_proj'],
  gate: ['mlp.gate_proj'],
  up: ['mlp.up_proj'],
  down: ['mlp.down_proj'],
};

/** One adapter, or several side by side, as the graph reads them. */
export interface PackedLora {
  /** Sum of the ranks. */
  rank: number;
  feeds: Record<string, Tensor>;
}

/**
 * Per group A [in, members * r] and B [members * r, total out], block-diagonal, with alpha / rank inside B.
 * No adapter at all is rank 0: empty tensors, whose product is zero.
 */
export function packAdapter(adapter: Adapter | null, config: ModelConfig): PackedLora {
  if (adapter) {
    checkAdapter(adapter, config);
    checkFinite(adapter);
  }
  const rank = adapter?.rank ?? 0;
  const feeds: Record<string, Tensor> = {};
  for (let layer = 0; layer < config.layers; layer++) {
    for (const group of LORA_GROUPS) {
      const members = MEMBERS[group];
      const in_ = projectionShape(config, members[0]!)[1];
      const outs = members.map((member) => projectionShape(config, member)[0]);
      const out = outs.reduce((sum, rows) => sum + rows, 0);
      const width = members.length * rank;
      const a = new Float32Array(in_ * width); // [in, width]
      const b = new Float32Array(width * out); // [width, out]
      let column = 0;
      for (const [index, member] of members.entries()) {
        const pair = adapter?.pairs.get(loraKey(layer, member));
        if (adapter && pair) {
          const scale = adapter.alpha / rank;
          const first = index * rank;
          for (let r = 0; r < rank; r++) {
            for (let i = 0; i < in_; i++) a[i * width + first + r] = pair.a[r * in_ + i]!;
            for (let o = 0; o < outs[index]!; o++) b[(first + r) * out + column + o] = pair.b[o * rank + r]! * scale;
          }
        }
        column += outs[index]!;
      }
      feeds[loraInput(layer, group, 'a')] = new Tensor('float32', a, [in_, width]);
      feeds[loraInput(layer, group, 'b')] = new Tensor('float32', b, [width, out]);
    }
  }
  return { rank, feeds };
}

/** One version that computes NaN would fail the batch of the others, so its weights are refused here. */
function checkFinite({ alpha, pairs }: Adapter): void {
  const allFinite = (values: Float32Array) => values.every(Number.isFinite);
  for (const [key, { a, b }] of pairs) {
    if (Number.isFinite(alpha) && allFinite(a) && allFinite(b)) continue;
    throw new AttuneError(
      'CORRUPT',
      `The adapter's ${key} or alpha is not finite. Its training diverged: train again.`,
    );
  }
}

/** Several packed adapters side by side: A by columns, B by rows. */
export function concatLora(packs: PackedLora[]): PackedLora {
  if (packs.length === 1) return packs[0]!;
  const feeds: Record<string, Tensor> = {};
  for (const name of Object.keys(packs[0]!.feeds)) {
    const parts = packs.map((pack) => pack.feeds[name]!);
    const arrays = parts.map((part) => part.data as Float32Array);
    const total = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
    const [rows, columns] = parts[0]!.dims as [number, number];
    if (name.endsWith('.b')) {
      let at = 0;
      for (const array of arrays) {
        total.set(array, at);
        at += array.length;
      }
      feeds[name] = new Tensor('float32', total, [total.length / columns, columns]);
    } else {
      const width = total.length / rows;
      let at = 0;
      for (const [index, array] of arrays.entries()) {
        const own = parts[index]!.dims[1]!;
        for (let row = 0; row < rows; row++) total.set(array.subarray(row * own, (row + 1) * own), row * width + at);
        at += own;
      }
      feeds[name] = new Tensor('float32', total, [rows, width]);
    }
  }
  return { rank: packs.reduce((sum, pack) => sum + pack.rank, 0), feeds };
}

/** 1 where a rank column belongs to the row's own adapter: `mask` [B, 1, R] and, for the fused qkv, [B, 1, 3R]. */
export function loraMasks(packs: PackedLora[], owner: number[]): Record<string, Tensor> {
  const mask = (members: number) => {
    const width = packs.reduce((sum, pack) => sum + pack.rank * members, 0);
    const values = new Float32Array(owner.length * width);
    for (const [row, own] of owner.entries()) {
      let at = row * width;
      for (const [index, pack] of packs.entries()) {
        if (index === own) values.fill(1, at, at + pack.rank * members);
        at += pack.rank * members;
      }
    }
    return new Tensor('float32', values, [owner.length, 1, width]);
  };
  return { mask: mask(1), 'mask.qkv': mask(MEMBERS.qkv.length) };
}
