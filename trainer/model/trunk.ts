// The frozen base in memory, and its forward and backward passes, block by block.
import type { Base } from '@/core/base';
import { AttuneError } from '@/core/errors';
import { feedForwardNorm, isLocalLayer, PROJECTIONS, type Projection } from '@/core/model-config';
import type { ModelWeights } from '@/core/weights';
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from '@/trainer/backend';
import { type BlockContext, type BlockWeights, block, createContext, type LoraTensors, rmsNorm } from './llama';
import type { HeadLoss, Lora, NamedGradients, TokenBatch, Trunk } from './types';

/** Reads each weight once, as fp32: 4 bytes a parameter for as long as the trunk lives. */
export function loadTrunk(base: Pick<Base, 'weights'>): Trunk {
  const { weights } = base;
  const { config } = weights;
  const embedding = readMatrix(weights, 'model.embed_tokens.weight');
  const head = config.tiedHead ? embedding : readMatrix(weights, 'lm_head.weight');
  const finalNorm = readVector(weights, 'model.norm.weight');
  const blocks = Array.from({ length: config.layers }, (_, layer) => readBlock(weights, layer));

  const open = (batch: TokenBatch, lora: Lora | null) => {
    const { ids, rows, length } = pad(batch, config.maxPositions);
    const context = createContext(config, rows, length, lora ? lora.alpha / lora.rank : 0);
    const x = tf.gather(embedding, ids) as Tensor2D; // [B*T, H]
    return { context, x: config.embeddingScale === 1 ? x : (tf.mul(x, config.embeddingScale) as Tensor2D) };
  };
  const close = (x: Tensor2D, { batch, length }: BlockContext): Tensor3D =>
    tf.reshape(rmsNorm(x, finalNorm, config.rmsNormEps), [batch, length, config.hiddenSize]);

  return {
    config,
    embedding,
    head,

    hidden(batch, lora) {
      return tf.tidy(() => {
        const { context, x: first } = open(batch, lora);
        let x = first;
        for (const [layer, weights] of blocks.entries()) {
          const next = tf.tidy(() => block(x, weights, pairsOf(lora, layer), context));
          x.dispose();
          x = next;
        }
        return close(x, context);
      });
    },

    backward(batch, lora, loss) {
      const names: string[] = [];
      let head: HeadLoss | undefined;
      // What the tidy returns belongs to the caller's scope; everything else is freed, also when `loss` throws.
      const tensors = tf.tidy(() => {
        const { context, x: first } = open(batch, lora);
        const inputs: Tensor2D[] = [];
        let x = first;
        for (const [layer, weights] of blocks.entries()) {
          inputs.push(x);
          x = tf.tidy(() => block(x, weights, pairsOf(lora, layer), context)); // no tape
        }
        const hidden = close(x, context);
        head = loss(hidden);
        hidden.dispose();
        let dy = tf.grad((y) => close(y as Tensor2D, context))(x, head.dHidden) as Tensor2D; // [B*T, H]
        x.dispose();
        head.dHidden.dispose();

        const gradients: Tensor[] = [];
        for (let layer = blocks.length - 1; layer >= 0; layer--) {
          const input = inputs[layer]!;
          const pairs = [...pairsOf(lora, layer)!];
          const backward = tf.grads((...tensors: Tensor[]) => {
            const [y, ...flat] = tensors as Tensor2D[];
            const lora = new Map(
              pairs.map(([projection], i) => [projection, [flat[2 * i]!, flat[2 * i + 1]!] as const]),
            );
            return block(y!, blocks[layer]!, lora, context);
          });
          const [dx, ...dLora] = backward([input, ...pairs.flatMap(([, pair]) => [...pair])], dy);
          dy.dispose();
          input.dispose();
          dy = dx as Tensor2D;
          for (const [projection] of pairs)
            names.push(loraName(layer, projection, 'A'), loraName(layer, projection, 'B'));
          gradients.push(...dLora);
        }
        for (const [name, gradient] of head.gradients) {
          names.push(name);
          gradients.push(gradient);
        }
        return gradients;
      });
      const gradients: NamedGradients = new Map(names.map((name, i) => [name, tensors[i]!]));
      return { loss: head!.loss, gradients, metrics: head!.metrics };
    },

    dispose() {
      const all: Tensor[] = [embedding, finalNorm];
      for (const { projections, biases, isLocal: _, ...norms } of blocks) {
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

/** Rows of any length to one flat [B*T] tensor; padded places hold id 0, which no real position can see. */
function pad({ ids: rows }: TokenBatch, maxPositions: number): { ids: Tensor1D; rows: number; length: number } {
  const length = Math.max(0, ...rows.map((row) => row.length));
  if (length === 0) throw new AttuneError('BAD_INPUT', 'The batch has no tokens. Leave empty examples out.');
  if (length > maxPositions) {
    throw new AttuneError(
      'TOO_LONG',
      `A row has ${length} tokens; the base reads ${maxPositions}. Shorten or drop it.`,
    );
  }
  const flat = new Int32Array(rows.length * length);
  for (const [i, row] of rows.entries()) flat.set(row, i * length);
  return { ids: tf.tensor1d(flat, 'int32'), rows: rows.length, length };
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
    isLocal: isLocalLayer(config, layer),
  };
}

function readMatrix(weights: ModelWeights, name: string): Tensor2D {
  const tensor = weights.tensor(name);
  return tf.tensor2d(tensor.float32(), tensor.shape as [number, number]);
}

const readVector = (weights: ModelWeights, name: string): Tensor1D => tf.tensor1d(weights.tensor(name).float32());
