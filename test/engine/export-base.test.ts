// A version of the real base, if it is installed, as a stand-alone model: within 1e-3 of the engine with its adapter.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exportVersion } from '@/cli/export/version';
import { loadBase } from '@/core/base/load-base';
import { createModelRunner } from '@/engine/runner/model-runner';
import { largestDifference } from '../bases-support';
import { logSoftmax, randomAdapter, row, temporaryDirectory } from './graph-twin';
import { StandaloneRun } from './standalone-run';

const modelFolder = '.attune/models';
const installed = existsSync(modelFolder) ? readdirSync(modelFolder).map((name) => join(modelFolder, name)) : [];
const modelPath = process.env.ATTUNE_MODEL ?? installed[0];
if (!modelPath)
  console.log(`Skipped: no base under ${modelFolder} and no ATTUNE_MODEL. Run the set-up for these tests.`);

describe.runIf(modelPath)('a version of the real base', () => {
  const directory = temporaryDirectory();
  afterAll(() => rmSync(directory, { recursive: true }));

  it('exported as ONNX gives what the engine gives, and its folder tokenizes and renders like the base', async () => {
    const base = await loadBase(modelPath!);
    const { config } = base.weights;
    const adapter = randomAdapter(config, { seed: 1, rank: 16, size: 0.02 });
    const promptIds = base.renderPrompt([{ role: 'user', content: 'Why is the sky blue? Answer for a child of six.' }]);
    const runner = await createModelRunner({
      base,
      precision: 'fp32',
      cacheDirectory: directory,
      threads: 2,
      maxRank: 16,
    });
    runner.loadAdapter('a', adapter);
    const [answer] = await runner.run([row(promptIds, { adapterId: 'a', maxNew: 48 })], 48);
    const [bare] = await runner.score([
      { promptIds: Int32Array.from(promptIds), completionIds: Int32Array.from(answer!.ids), adapterId: null },
    ]);
    await runner.dispose();

    const options = { versionId: 'a', base, modelPath: modelPath!, adapter, precision: 'fp32' as const };
    await exportVersion({ ...options, format: 'onnx', directory: join(directory, 'onnx') });
    const model = await StandaloneRun.create(join(directory, 'onnx/model.onnx'), config);
    const { logits } = await model.run([[...promptIds, ...answer!.ids]]);
    const logprobs = answer!.ids.map((id, i) => {
      const at = (promptIds.length - 1 + i) * config.vocabSize;
      return logSoftmax(logits.subarray(at, at + config.vocabSize))[id]!;
    });
    const difference = largestDifference(logprobs, answer!.logprobs);
    console.log(`Largest difference in log-probability over ${logprobs.length} tokens: ${difference.toExponential(1)}`);
    expect(difference).toBeLessThan(1e-3);
    expect(largestDifference(bare!, answer!.logprobs)).toBeGreaterThan(0.01); // the adapter has an effect
    await model.dispose();

    await exportVersion({ ...options, format: 'safetensors', directory: join(directory, 'folder') });
    const folder = await loadBase(join(directory, 'folder'));
    const messages = [
      { role: 'user' as const, content: 'Two  spaces, 1234 digits, héllo 🙂 <|im_end|>' },
      { role: 'assistant' as const, content: 'Yes.' },
      { role: 'user' as const, content: '再见' },
    ];
    expect(folder.renderPrompt(messages)).toEqual(base.renderPrompt(messages));
    expect(folder.weights.config).toEqual(config);
  });
});
