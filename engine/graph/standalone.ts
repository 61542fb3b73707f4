// Writes a model as one self-contained ONNX file with the inputs and outputs that transformers' exports have.
import { feedForwardNorm, isLocalLayer } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import { type BlockContext, embedding, head, linear, type Precision, qkvBias } from './blocks';
import {
  type AttentionShared,
  hasLayers,
  plainAttention,
  plainAttentionShared,
  plainGatedActivation,
  plainRmsNorm,
} from './plain-blocks';
import { type ExternalData, Graph } from './writer';

/**
 * Inputs: input_ids [batch, sequence]; attention_mask [batch, past + sequence], 0 for padding, which comes first;
 * past_key_values.N.key and .value [batch, kvHeads, past, headSize], with past = 0 in the first run.
 * Outputs: logits [batch, sequence, vocabulary]; present.N.key and .value, the next run's past.
 * In fp32 all operators are ONNX's own; int8 multiplies with onnxruntime's com.microsoft operators.
 */
export function writeStandaloneModel(data: ExternalData, weights: ModelWeights, precision: Precision): Uint8Array {
  const graph = new Graph(data);
  const { config } = weights;
  const context: BlockContext = { graph, config, weights, precision };
  const ids = graph.input('input_ids', 'int64', ['batch', 'sequence']);
  const mask = graph.input('attention_mask', 'int64', ['batch', 'total']);
  const cacheShape = (length: string) => ['batch', config.keyValueHeads, length, config.headSize];
  const kinds = new Map<boolean, AttentionShared>();
  for (const isLocal of [false, true]) {
    if (hasLayers(context, isLocal)) kinds.set(isLocal, plainAttentionShared(context, { ids, mask }, isLocal));
  }

  let stream = embedding(context, ids); // [B, S, H]
  const presents: { name: string; value: string }[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const past = (half: 'key' | 'value') =>
      graph.input(`past_key_values.${layer}.${half}`, 'float32', cacheShape('past'));
    const shared = kinds.get(isLocalLayer(config, layer))!;
    const attend = (qkv: string) => {
      const caches = { pastKey: past('key'), pastValue: past('value') };
      const { output, key, value } = plainAttention(context, qkv, { layer, ...caches, ...shared });
      presents.push({ name: `present.${layer}.key`, value: key }, { name: `present.${layer}.value`, value });
      return output;
    };
    stream = writeBlock(context, layer, stream, attend);
  }
  graph.output(writeHead(context, plainRmsNorm(context, stream, 'model.norm.weight')), 'float32', 'logits', [
    'batch',
    'sequence',
    config.vocabSize,
  ]);
  for (const { name, value } of presents) graph.output(value, 'float32', name, cacheShape('total'));
  return graph.encodeModel();
}

/** Attention and feed-forward, each added to the residual stream [B, S, H]. */
function writeBlock(context: BlockContext, layer: number, stream: string, attend: (qkv: string) => string): string {
  const { graph, config } = context;
  const weight = (name: string) => `model.layers.${layer}.${name}.weight`;
  const project = (x: string, ...names: string[]) => linear(context, x, names.map(weight));
  const join = (x: string, update: string, part: 'attention' | 'feedforward') =>
    graph.op('Add', [
      x,
      config.hasOutputNorms ? plainRmsNorm(context, update, weight(`post_${part}_layernorm`)) : update,
    ]);

  const projections = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'];
  const product = project(plainRmsNorm(context, stream, weight('input_layernorm')), ...projections);
  const qkv = config.hasQkvBias ? graph.op('Add', [product, qkvBias(context, projections.map(weight))]) : product;
  const attended = join(stream, project(attend(qkv), 'self_attn.o_proj'), 'attention');

  const normed = plainRmsNorm(context, attended, weight(feedForwardNorm(config)));
  const gated = plainGatedActivation(context, project(normed, 'mlp.gate_proj'), project(normed, 'mlp.up_proj'));
  return join(attended, project(gated, 'mlp.down_proj'), 'feedforward');
}

/** hidden [B, S, H] to logits [B, S, V]. */
function writeHead(context: BlockContext, hidden: string): string {
  const { graph, config } = context;
  const flat = graph.op('Reshape', [hidden, graph.constant('int64', [-1, config.hiddenSize], [2])]);
  const shape = graph.op(
    'Concat',
    [graph.op('Shape', ['input_ids']), graph.constant('int64', [config.vocabSize], [1])],
    {
      axis: 0,
    },
  );
  return graph.op('Reshape', [head(context, flat), shape]);
}
