// A classifier that transformers exported is run as it says, and refused with the file and the fault where it cannot be.
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TextClassifiers } from '@/engine/text-classifiers';
import { type TinyExport, writeExported } from '@/test/exported-classifier';

let root: string;
let directory: string;
let made = 0;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'attune-exported-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(() => {
  directory = path.join(root, `${++made}`);
});
const classify = (...texts: string[]) => new TextClassifiers(1).classify(directory, texts);

describe('an exported classifier', () => {
  it('gives softmax probabilities that add up to 1 for one label among several', async () => {
    await writeExported(directory);
    const [ugly, fine] = await classify('Ugly!', 'Thanks.');
    expect(ugly!.toxic).toBeCloseTo(1 / (1 + Math.exp(2 - 6)), 5);
    expect(fine!.toxic).toBeCloseTo(1 / (1 + Math.exp(2)), 5);
    expect(ugly!.toxic! + ugly!.fine!).toBeCloseTo(1, 6);
  });

  it('gives a probability of each label by itself where several may hold, or where there is only one', async () => {
    await writeExported(directory, { config: { problem_type: 'multi_label_classification' } });
    const [several] = await classify('Ugly, ugly!');
    expect(several!.fine).toBeCloseTo(1 / (1 + Math.exp(-2)), 5);
    expect(several!.toxic).toBeCloseTo(1 / (1 + Math.exp(-12)), 5);
    directory = path.join(root, `${++made}`);
    await writeExported(directory, { scores: 1, config: { id2label: { 0: 'fine' } } });
    expect((await classify('Ugly'))[0]).toEqual({ fine: expect.closeTo(1 / (1 + Math.exp(-2)), 5) });
  });

  it('says the same of a text alone and among others, and reads no more tokens than its positions', async () => {
    await writeExported(directory);
    const texts = ['Ugly!', 'Thanks.', `${'thanks '.repeat(200)}ugly`];
    const together = await classify(...texts);
    for (const [i, text] of texts.entries()) expect(await classify(text)).toEqual([together[i]]);
    expect(together[2]!.toxic).toBeLessThan(0.5);
  });

  it('is read once', async () => {
    await writeExported(directory);
    const classifiers = new TextClassifiers(1);
    const before = await classifiers.classify(directory, ['Ugly']);
    await rm(directory, { recursive: true });
    expect(await classifiers.classify(directory, ['Ugly'])).toEqual(before);
  });

  const FAULTS: [string, TinyExport, RegExp][] = [
    [
      'an input that nobody knows',
      { inputs: { input_ids: { type: 'int64', dims: ['b', 't'] }, pixels: { type: 'float32', dims: ['b', 't'] } } },
      /model\.onnx has the input "pixels"; known are input_ids/,
    ],
    [
      'no input of tokens',
      { inputs: { attention_mask: { type: 'int64', dims: ['b', 't'] } } },
      /has no input "input_ids"/,
    ],
    [
      'tokens of another type',
      { inputs: { input_ids: { type: 'int32', dims: ['b', 't'] } } },
      /"input_ids" that is not int64 \[batch, tokens\]/,
    ],
    [
      'tokens of another shape',
      { inputs: { input_ids: { type: 'int64', dims: ['t'] } } },
      /"input_ids" that is not int64 \[batch, tokens\]/,
    ],
    ['more scores than labels', { scores: 3 }, /scores of the shape \[1, 3\] for 2 labels/],
    [
      'labels that are not numbered',
      { config: { id2label: { 1: 'fine', 2: 'toxic' } } },
      /config\.json id2label: does not number the labels/,
    ],
    ['no labels', { config: { id2label: undefined } }, /config\.json id2label/],
    ['a label twice', { config: { id2label: { 0: 'fine', 1: 'fine' } } }, /config\.json id2label: has a label twice/],
    ['another problem', { config: { problem_type: 'regression' } }, /config\.json problem_type/],
  ];
  it.each(FAULTS)('is refused for %s', async (_, options, message) => {
    await writeExported(directory, options);
    await expect(classify('Ugly')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(message),
    });
  });

  it('is refused if a file is missing, too large, or not what its name says', async () => {
    await writeExported(directory);
    const file = (name: string) => path.join(directory, name);
    const refused = (message: RegExp) =>
      expect(classify('Ugly')).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(message) });
    await writeFile(file('tokenizer.json'), '{"model": {"type": "Nothing"}}');
    await refused(/tokenizer\.json is not a tokenizer/);
    await writeFile(file('tokenizer.json'), 'no json');
    await refused(/tokenizer\.json is not JSON/);
    await truncate(file('tokenizer.json'), 65 * 2 ** 20);
    await refused(/tokenizer\.json has 68157440 bytes, and 67108864 are the most/);
    await rm(file('tokenizer.json'));
    await refused(/tokenizer\.json is missing/);
    await writeExported(directory);
    await writeFile(file('model.onnx'), 'no graph');
    await refused(/model\.onnx cannot be loaded/);
  });

  it('is refused if its weights lie in another file, beside it or where the process works', async () => {
    await writeExported(directory, { weights: 'weights.bin' });
    const message = expect.stringMatching(/model\.onnx cannot be loaded .*Export it as one file/);
    await expect(classify('Ugly')).rejects.toMatchObject({ code: 'BAD_INPUT', message });
    const before = process.cwd();
    process.chdir(directory);
    try {
      await expect(classify('Ugly')).rejects.toMatchObject({ code: 'BAD_INPUT', message });
    } finally {
      process.chdir(before);
    }
  });

  it('is refused if its tokenizer has words that the graph does not', async () => {
    await writeExported(directory);
    const json = path.join(directory, 'tokenizer.json');
    await writeFile(json, (await readFile(json, 'utf8')).replace('"ugly":4', '"hello":99'));
    await expect(classify('Ugly')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(/cannot be run/),
    });
  });
});
