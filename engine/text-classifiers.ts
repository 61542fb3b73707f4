// Runs text classifiers that transformers exported to ONNX, beside the language model.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { badFile, type ExportedClassifier, readExported, readJson } from '@/core/classifier/exported';
import { sigmoid } from '@/core/classifier/linear-classifier';
import { AttuneError } from '@/core/errors';

/** Held at once; the one that was not asked for longest is dropped for another. */
const MOST_LOADED = 4;
const KNOWN_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'];

interface Loaded extends ExportedClassifier {
  session: InferenceSession;
  tokenizer: Tokenizer;
  output: string;
  file: string;
}

export class TextClassifiers {
  private readonly loaded = new Map<string, Promise<Loaded>>();

  constructor(private readonly threads: number) {}

  /**
   * Probability of each label, for each text. A folder is read once. Texts are run one by one, so that a verdict does not
   * depend on its neighbours. Throws BAD_INPUT that names a file that cannot be used.
   */
  async classify(directory: string, texts: readonly string[]): Promise<Record<string, number>[]> {
    const classifier = await this.get(directory);
    const verdicts: Record<string, number>[] = [];
    for (const text of texts) verdicts.push(await classifyOne(classifier, text));
    return verdicts;
  }

  private get(directory: string): Promise<Loaded> {
    const known = this.loaded.get(directory);
    this.loaded.delete(directory);
    const reading = known ?? load(directory, this.threads);
    this.loaded.set(directory, reading);
    reading.catch(() => this.loaded.delete(directory));
    for (const oldest of this.loaded.keys()) {
      if (this.loaded.size <= MOST_LOADED) break;
      this.loaded.delete(oldest);
    }
    return reading;
  }
}

async function load(directory: string, threads: number): Promise<Loaded> {
  const exported = await readExported(directory);
  const tokenizer = await loadTokenizer(path.join(directory, 'tokenizer.json'));
  const file = path.join(directory, 'model.onnx');
  // A graph that has its weights read from another file looks for it below the graph's own file, where nothing is.
  const session = await InferenceSession.create(await readFile(file), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: file } },
  }).catch((cause: unknown) => {
    throw badFile(
      file,
      `cannot be loaded (${firstLine(cause)}). Export it as one file with ONNX’s own operators`,
      cause,
    );
  });
  const output = checkGraph(session, file);
  const classifier = { ...exported, session, tokenizer, output, file };
  await classifyOne(classifier, 'Hello');
  return classifier;
}

async function loadTokenizer(file: string): Promise<Tokenizer> {
  const json = await readJson(file);
  try {
    const tokenizer = new Tokenizer(json as object, {});
    tokenizer.encode('Hello, 世界');
    return tokenizer;
  } catch (cause) {
    throw badFile(file, `is not a tokenizer that can be used (${firstLine(cause)}). Export it again`, cause);
  }
}

/** Returns the output that has the scores. */
function checkGraph(
  { inputMetadata, outputMetadata, inputNames, outputNames }: InferenceSession,
  file: string,
): string {
  const unknown = inputNames.find((name) => !KNOWN_INPUTS.includes(name));
  if (unknown !== undefined) throw badFile(file, `has the input "${unknown}"; known are ${KNOWN_INPUTS.join(', ')}`);
  if (!inputNames.includes('input_ids')) throw badFile(file, 'has no input "input_ids"');
  for (const input of inputMetadata) {
    if (!input.isTensor || input.type !== 'int64' || input.shape.length !== 2)
      throw badFile(file, `has an input "${input.name}" that is not int64 [batch, tokens]`);
  }
  const output = outputNames.includes('logits') ? 'logits' : outputNames[0];
  const found = outputMetadata.find(({ name }) => name === output);
  if (output === undefined || !found?.isTensor || found.type !== 'float32')
    throw badFile(file, `has no output of float32 scores; its outputs are ${outputNames.join(', ')}`);
  return output;
}

async function classifyOne(
  { session, tokenizer, labels, isMultiLabel, mostTokens, output, file }: Loaded,
  text: string,
): Promise<Record<string, number>> {
  const all = tokenizer.encode(text).ids;
  const ids = all.length > mostTokens ? [...all.slice(0, mostTokens - 1), all.at(-1)!] : all;
  const row = (values: bigint[]) => new Tensor('int64', BigInt64Array.from(values), [1, ids.length]);
  const inputs: Record<string, Tensor> = {
    input_ids: row(ids.map(BigInt)),
    attention_mask: row(ids.map(() => 1n)),
    token_type_ids: row(ids.map(() => 0n)),
  };
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, inputs[name]!]));
  const scores = await session.run(feeds, [output]).then(
    (results) => results[output]!,
    (cause: unknown) => {
      throw badFile(
        file,
        `cannot be run on ${ids.length} tokens (${firstLine(cause)}). Does its tokenizer fit?`,
        cause,
      );
    },
  );
  if (scores.dims.join() !== `1,${labels.length}`)
    throw badFile(
      file,
      `gives scores of the shape [${scores.dims.join(', ')}] for ${labels.length} labels of config.json`,
    );
  const logits = [...(scores.data as Float32Array)];
  if (!logits.every(Number.isFinite)) throw new AttuneError('UNAVAILABLE', `${file} gave a score that is no number.`);
  const probabilities = isMultiLabel ? logits.map(sigmoid) : softmax(logits);
  return Object.fromEntries(labels.map((label, i) => [label, probabilities[i]!]));
}

function softmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - highest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

const firstLine = (cause: unknown) =>
  (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!.slice(0, 200);
