// Packs adapters into the graph's LoRA inputs: projections fused in groups, versions side by side along the rank.
import { Tensor } from 'onnxruntime-node';
import { type Adapter, checkAdapter, loraKey } from '@/core/artifact/adapter';
import { type ModelConfig, type Projection, projectionShape } from '@/core/base/model-config';
import { LORA_DOWNS, LORA_UPS, type LoraDown, type LoraUp, loraA, loraB } from './blocks';
import { maskName } from './decode-loop';

/** The projections whose A matrices are packed side by side. */
const READERS: Record<LoraDown, Projection[]> = {
  qkv: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  o: ['self_attn.o_proj'],
  gateUp: ['mlp.gate_proj', 'mlp.up_proj'],
  down: ['mlp.down_proj'],
};
/** The projections whose outputs are packed side by side, and the A that they share. */
const WRITERS: Record<LoraUp, { down: LoraDown; members: Projection[] }> = {
  qkv: { down: 'qkv', members: READERS.qkv },
  o: { down: 'o', members: READERS.o },
  gate: { down: 'gateUp', members: ['mlp.gate_proj'] },
  up: { down: 'gateUp', members: ['mlp.up_proj'] },
  down: { down: 'down', members: READERS.down },
};

/** One adapter, or several side by side, as the graph reads them. */
export interface PackedLora {
  /** Sum of the ranks. */
  rank: number;
  feeds: Record<string, Tensor>;
}

/**
 * A [in, readers * r] side by side; B [readers * r, out] with each projection's block in the rows of its own columns of
 * A, zero elsewhere, alpha / rank included. Without an adapter the rank is 0: empty tensors, whose product is zero.
 */
export function packAdapter(adapter: Adapter | null, config: ModelConfig): PackedLora {
  if (adapter) checkAdapter(adapter, config);
  const rank = adapter?.rank ?? 0;
  const scale = adapter ? adapter.alpha / rank : 0;
  const feeds: Record<string, Tensor> = {};
  for (let layer = 0; layer < config.layers; layer++) {
    const pairOf = (projection: Projection) => adapter?.pairs.get(loraKey(layer, projection));
    for (const down of LORA_DOWNS) {
      const width = READERS[down].length * rank;
      const columns = projectionShape(config, READERS[down][0]!)[1];
      const a = new Float32Array(columns * width); // [in, width]
      for (const [index, reader] of READERS[down].entries()) {
        const pair = pairOf(reader);
        if (!pair) continue;
        const values = pair.a; // [rank, in]
        // Writes are sequential and reads come from `rank` rows, which is faster than the other way round.
        for (let i = 0; i < columns; i++) {
          const at = i * width + index * rank;
          for (let r = 0; r < rank; r++) a[at + r] = values[r * columns + i]!;
        }
      }
      feeds[loraA(layer, down)] = new Tensor('float32', a, [columns, width]);
    }
    for (const up of LORA_UPS) {
      const { down, members } = WRITERS[up];
      const width = READERS[down].length * rank;
      const outs = members.map((member) => projectionShape(config, member)[0]);
      const out = outs.reduce((sum, rows) => sum + rows, 0);
      const b = new Float32Array(width * out); // [width, out]
      let column = 0;
      for (const [index, member] of members.entries()) {
        const pair = pairOf(member);
        const first = READERS[down].indexOf(member) * rank;
        const values = pair?.b; // [out, rank]
        for (let o = 0; values && o < outs[index]!; o++) {
          const at = first * out + column + o;
          for (let r = 0; r < rank; r++) b[at + r * out] = values[o * rank + r]! * scale;
        }
        column += outs[index]!;
      }
      feeds[loraB(layer, up)] = new Tensor('float32', b, [width, out]);
    }
  }
  return { rank, feeds };
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

/** 1 if a rank column belongs to the row's own adapter, else 0: [B, R] for each A. */
export function loraMasks(packs: PackedLora[], owner: number[]): Record<string, Tensor> {
  const mask = (readers: number) => {
    const width = packs.reduce((sum, pack) => sum + pack.rank * readers, 0);
    const values = new Float32Array(owner.length * width);
    for (const [row, own] of owner.entries()) {
      let at = row * width;
      for (const [index, pack] of packs.entries()) {
        if (index === own) values.fill(1, at, at + pack.rank * readers);
        at += pack.rank * readers;
      }
    }
    return new Tensor('float32', values, [owner.length, width]);
  };
  return Object.fromEntries(LORA_DOWNS.map((down) => [maskName(down), mask(READERS[down].length)]));
}
