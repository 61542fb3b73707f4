// Writes a tiny text classifier as transformers exports one: a BERT tokenizer, and a graph that adds up scores of words.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ExternalData, Graph, type TensorType } from '@/engine/graph/writer';

const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'ugly', 'foul', 'thanks', '.', '!', ',', '##ly'];

export interface TinyExport {
  /** The word that a text is toxic for. */
  bad?: 'ugly' | 'foul';
  inputs?: Record<string, { type: TensorType; dims: readonly (string | number)[] }>;
  /** Scores for each word. */
  scores?: number;
  config?: object;
  /** Of the file beside the graph that has the scores; without it, the graph has them itself. */
  weights?: string;
}

const token = (type: string) => ({ type: 'int64', dims: ['batch', type] }) as const;
const INPUTS = {
  input_ids: token('tokens'),
  attention_mask: token('tokens'),
  token_type_ids: token('tokens'),
} as const;

/** Labels: "fine" and "toxic". A text with the bad word is toxic with a probability of 0.98 or more, another of 0.12. */
export async function writeExported(
  directory: string,
  { bad = 'ugly', inputs = INPUTS, scores = 2, config = {}, weights }: TinyExport = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  // Small constants lie in the graph itself.
  const data = weights === undefined ? null : new ExternalData(path.join(directory, weights), weights);
  const graph = new Graph(data as ExternalData);
  const [ids = ''] = Object.entries(inputs).map(([name, { type, dims }]) => graph.input(name, type, [...dims]));
  const table = VOCABULARY.flatMap((word) =>
    Array.from({ length: scores }, (_, label) =>
      label === 0 && word === '[CLS]' ? 2 : label === 1 && word === bad ? 6 : 0,
    ),
  );
  const shape = [VOCABULARY.length, scores];
  const words = data
    ? graph.initialiser('words', shape, () => Float32Array.from(table))
    : graph.constant('float32', table, shape);
  const rows = graph.op('Gather', [words, ids]);
  const sums = graph.op('ReduceSum', [rows, graph.constant('int64', [1], [1])], { keepdims: 0 });
  graph.output(sums, 'float32', 'logits', ['batch', scores]);
  data?.close();
  const write = (name: string, content: object) => writeFile(path.join(directory, name), JSON.stringify(content));
  await writeFile(path.join(directory, 'model.onnx'), graph.encodeModel());
  await write('config.json', {
    id2label: { 0: 'fine', 1: 'toxic' },
    max_position_embeddings: 64,
    problem_type: 'single_label_classification',
    ...config,
  });
  await write('tokenizer.json', TOKENIZER);
}

const mark = (content: string) => ({
  ...{ id: VOCABULARY.indexOf(content), content, special: true },
  ...{ lstrip: false, rstrip: false, single_word: false, normalized: false },
});
const TOKENIZER = {
  version: '1.0',
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map(mark),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(VOCABULARY.map((word, id) => [word, id])),
  },
};
