// The frozen base in memory, and its forward and backward passes, block by block.
import type { Base } from '@/core/base/base';
import { feedForwardNorm, isLocalLayer, PROJECTIONS, type Projection } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import { disposeAll, scoped, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from '@/trainer/backend';
import { backwardBlock, forwardBlock, type KeptBlock, keptFloats } from './blocks';
import { norm, normBackward, unitOf } from './derivatives';
import { layOut } from './layout';
import { type BlockContext, type BlockWeights, createContext, type LoraTensors, localContext } from './llama';
import type { Backbone, HeadLoss, Lora, NamedGradients, TokenBatch } from './types';

export interface BackboneOptions {
  /**
   * Bytes of intermediate results that a backward pass may keep; the blocks that do not fit are computed a second time.
   * The default holds nearly all blocks for 2,048 tokens of a 135M base: 3 GiB in all, with the base.
   */
  keepBytes?: number;
}

const KEEP_BYTES = 1.3 * 2 ** 30;

type Visit = (layer: number, states: Tensor2D) => void;

/** Reads each weight once, as fp32: 4 bytes per parameter for as long as the backbone lives. */
export function loadBackbone(base: Pick<Base, 'weights'>, { keepBytes = KEEP_BYTES }: BackboneOptions = {}): Backbone {
  const { weights } = base;
  const { config } = weights;
  const embedding = readMatrix(weights, 'model.embed_tokens.weight');
  const head = config.tiedHead ? embedding : readMatrix(weights, 'lm_head.weight');
  const finalNorm = readVector(weights, 'model.norm.weight');
  const blocks = Array.from({ length: config.layers }, (_, layer) => readBlock(weights, layer));

  const open = (batch: TokenBatch, lora: Lora | null) => {
    const layout = layOut(batch, config.maxPositions);
    const context = createContext(config, layout, lora ? lora.alpha / lora.rank : 0);
    const local = config.slidingWindow ? localContext(context, layout) : context;
    const contextOf = (layer: number) => (isLocalLayer(config, layer) ? local : context);
    return { layout, context, contextOf };
  };
  type Opened = ReturnType<typeof open>;
  const embed = ({ layout }: Opened): Tensor2D => {
    const rows = tf.gather(embedding, tf.tensor1d(layout.ids, 'int32')) as Tensor2D; // [N, H]
    return config.embeddingScale === 1 ? rows : tf.mul(rows, config.embeddingScale);
  };
  /** x enters block `from` and is consumed; the result enters block `to`. */
  const pass = (x: Tensor2D, from: number, to: number, lora: Lora | null, { contextOf }: Opened, visit?: Visit) => {
    let states = x; // [N, H]
    for (let layer = from; layer < to; layer++) {
      visit?.(layer, states);
      const next = scoped(() => forwardBlock(states, blocks[layer]!, pairsOf(lora, layer), contextOf(layer)).y);
      states.dispose();
      states = next;
    }
    return states;
  };
  /** The states that enter the first block with pairs; a copy if the caller knows them. */
  const enter = (opened: Opened, layer: number, known: Tensor2D | undefined): Tensor2D =>
    known ? tf.clone(known) : pass(embed(opened), 0, layer, null, opened);
  const close = (x: Tensor2D, { batch, length, padding, epsilon }: BlockContext): Tensor3D => {
    const normed = norm(x, finalNorm, epsilon); // [N, H]
    return tf.reshape(padding ? tf.gather(normed, padding.toPlaces) : normed, [batch, length, config.hiddenSize]);
  };
  const closeBackward = (dHidden: Tensor3D, x: Tensor2D, { padding, epsilon }: BlockContext): Tensor2D => {
    const flat = tf.reshape(dHidden, [-1, config.hiddenSize]) as Tensor2D; // [B*T, H]
    const dNormed = (padding ? tf.gather(flat, padding.fromPlaces) : flat) as Tensor2D; // [N, H]
    return normBackward(dNormed, unitOf(x, epsilon), finalNorm);
  };

  return {
    config,
    embedding,
    head,

    hidden(batch, lora, entering) {
      return scoped(() => {
        const opened = open(batch, lora);
        const first = lora?.firstLayer ?? 0;
        return close(pass(enter(opened, first, entering), first, blocks.length, lora, opened), opened.context);
      });
    },

    entering: (batch, layer, visit) =>
      scoped(() => {
        const opened = open(batch, null);
        const states = pass(embed(opened), 0, layer, null, opened, visit);
        visit?.(layer, states);
        return states;
      }),

    backward(batch, lora, loss, entering) {
      const gradients: NamedGradients = new Map();
      let head: HeadLoss | undefined;
      // What the tidy returns belongs to the caller's scope; everything else is freed, even when `loss` throws.
      scoped(() => {
        const opened = open(batch, lora);
        const { context, contextOf } = opened;
        const { firstLayer } = lora;
        let x = enter(opened, firstLayer, entering);
        const pairs = blocks.map((_, layer) => pairsOf(lora, layer)!);
        // The last blocks are kept, because their intermediates are used and freed first.
        const bytes = 4 * keptFloats(context, x.shape[0]);
        const firstKept = Math.max(0, blocks.length - Math.floor(keepBytes / bytes));
        const inputs: Tensor2D[] = [];
        const keptBlocks: (KeptBlock | null)[] = [];
        for (let layer = firstLayer; layer < blocks.length; layer++) {
          inputs[layer] = x;
          const { y, kept } = scoped(() => {
            const { y, kept } = forwardBlock(x, blocks[layer]!, pairs[layer]!, contextOf(layer));
            return { y, kept: layer >= firstKept ? kept : null };
          });
          keptBlocks[layer] = kept;
          x = y;
        }
        const hidden = close(x, context);
        head = loss(hidden);
        hidden.dispose();
        let dy = scoped(() => closeBackward(head!.dHidden, x, context)); // [N, H]
        tf.dispose([x, head.dHidden]);

        const found: Tensor[] = [];
        for (let layer = blocks.length - 1; layer >= firstLayer; layer--) {
          const input = inputs[layer]!;
          const weights = blocks[layer]!;
          const { dx, gradients: ofBlock } = scoped(() => {
            const kept = keptBlocks[layer] ?? forwardBlock(input, weights, pairs[layer]!, contextOf(layer)).kept;
            return backwardBlock(dy, input, kept, weights, pairs[layer]!, contextOf(layer));
          });
          disposeAll(dy, input, keptBlocks[layer]);
          dy = dx;
          for (const [projection, { a, b }] of Object.entries(ofBlock)) {
            gradients.set(loraName(layer, projection as Projection, 'A'), a);
            gradients.set(loraName(layer, projection as Projection, 'B'), b);
            found.push(a, b);
          }
        }
        for (const [name, gradient] of head.gradients) {
          gradients.set(name, gradient);
          found.push(gradient);
        }
        return found;
      });
      return { loss: head!.loss, gradients, metrics: head!.metrics };
    },

    dispose() {
      const all: Tensor[] = [embedding, finalNorm];
      for (const { projections, biases, ...norms } of blocks) {
        const tensors = [...Object.values(norms), ...Object.values(projections), ...Object.values(biases)];
        all.push(...tensors.filter((tensor) => tensor !== null));
      }
      if (head !== embedding) all.push(head);
      tf.dispose(all);
    },
  };
}

/** The name of one half of a pair in `Lora.variables` and among the gradients. */
export const loraName = (layer: number, projection: Projection, half: 'A' | 'B') =>
  `layers.${layer}.${projection}.lora_${half}`;

function pairsOf(lora: Lora | null, layer: number): LoraTensors | null {
  if (!lora) return null;
  const pairs = new Map<Projection, readonly [Tensor2D, Tensor2D]>();
  for (const projection of PROJECTIONS) {
    const a = lora.variables.get(loraName(layer, projection, 'A'));
    const b = lora.variables.get(loraName(layer, projection, 'B'));
    if (a && b) pairs.set(projection, [a as unknown as Tensor2D, b as unknown as Tensor2D]);
  }
  return pairs;
}

function readBlock(weights: ModelWeights, layer: number): BlockWeights {
  const { config, names } = weights;
  const prefix = `model.layers.${layer}`;
  const read = (projection: Projection) => readMatrix(weights, `${prefix}.${projection}.weight`);
  const norm = (name: string) => readVector(weights, `${prefix}.${name}.weight`);
  const biased = PROJECTIONS.filter((projection) => names.includes(`${prefix}.${projection}.bias`));
  return {
    inputNorm: norm('input_layernorm'),
    feedForwardNorm: norm(feedForwardNorm(config)),
    projections: Object.fromEntries(PROJECTIONS.map((name) => [name, read(name)])) as Record<Projection, Tensor2D>,
    biases: Object.fromEntries(biased.map((name) => [name, readVector(weights, `${prefix}.${name}.bias`)])),
    queryNorm: config.hasQkNorm ? norm('self_attn.q_norm') : null,
    keyNorm: config.hasQkNorm ? norm('self_attn.k_norm') : null,
    attentionOutputNorm: config.hasOutputNorms ? norm('post_attention_layernorm') : null,
    feedForwardOutputNorm: config.hasOutputNorms ? norm('post_feedforward_layernorm') : null,
  };
}

function readMatrix(weights: ModelWeights, name: string): Tensor2D {
  const tensor = weights.tensor(name);
  return uploaded(tf.tensor2d(tensor.float32(), tensor.shape as [number, number]));
}

const readVector = (weights: ModelWeights, name: string): Tensor1D =>
  uploaded(tf.tensor1d(weights.tensor(name).float32()));

/** Uses a tensor at once: until its first use tfjs also holds its array, which would be a second copy of the base. */
function uploaded<T extends Tensor>(tensor: T): T {
  tf.tidy(() => void tf.slice(tensor, 0, 1));
  return tensor;
}
