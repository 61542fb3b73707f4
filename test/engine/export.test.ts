// `attune export` of a tiny version: both formats give what the engine gives with the adapter as an input.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Adapter } from '@/core/artifact/adapter';
import { writeArtifact } from '@/core/artifact/artifact';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { createModelRunner } from '@/engine/runner/model-runner';
import { writeTinyLlama } from '@/test/tiny-llama';
import { largestDifference } from '../bases-support';
import { logSoftmax, plainLogits, randomAdapter, temporaryDirectory } from './graph-twin';
import { StandaloneRun } from './standalone-run';

const directory = temporaryDirectory();
const data = join(directory, 'data');
const model = join(directory, 'tiny');
const PROMPT = [256, 72, 101, 108, 108, 111];
let base: Base;
let adapter: Adapter;
let engineLogprobs: number[];

const attune = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'cli/attune.ts', ...args], {
    encoding: 'utf8',
    env: { ...process.env, ATTUNE_DATA: data, ATTUNE_MODEL: model },
  });
const lastOf = (logits: Float32Array) => logSoftmax(logits.subarray(-base.weights.config.vocabSize));

beforeAll(async () => {
  await writeTinyLlama(model, { seed: 7 });
  base = await loadBase(model);
  adapter = randomAdapter(base.weights.config, { seed: 4, rank: 8 });
  const origin = { baseId: base.id, baseSha256: base.sha256, parentVersionId: null, runId: null };
  await writeArtifact(
    join(data, 'artifacts'),
    {
      ...origin,
      versionId: 'v1',
      snapshotId: null,
      snapshotSha256: null,
      gates: [],
      createdAt: '2026-01-01T00:00:00Z',
    },
    adapter,
  );
  const cacheDirectory = join(directory, 'cache');
  const runner = await createModelRunner({ base, precision: 'fp32', cacheDirectory, threads: 1, maxRank: 8 });
  runner.loadAdapter('v1', adapter);
  engineLogprobs = logSoftmax(await runner.logits(Int32Array.from(PROMPT), [PROMPT.length - 1], 'v1'));
  await runner.dispose();
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('attune export', () => {
  it('writes an ONNX model of standard operators with its other files, within 1e-3 of the engine', async () => {
    const { status, stdout } = attune('export', 'v1');
    const out = join(data, 'exports/v1-onnx');
    expect([status, stdout]).toEqual([0, `v1 is in ${out} (onnx, fp32).\n`]);
    const onnx = await StandaloneRun.create(join(out, 'model.onnx'), base.weights.config);
    expect(largestDifference(lastOf((await onnx.run([PROMPT])).logits), engineLogprobs)).toBeLessThan(1e-3);
    await onnx.dispose();
    expect(readFileSync(join(out, 'model.onnx')).includes('com.microsoft')).toBe(false);
    expect(readFileSync(join(out, 'tokenizer.json'))).toEqual(readFileSync(join(model, 'tokenizer.json')));
    expect(JSON.parse(readFileSync(join(out, 'attune.json'), 'utf8'))).toMatchObject({
      versionId: 'v1',
      baseSha256: base.sha256,
      files: { 'model.onnx_data': expect.stringMatching(/^[0-9a-f]{64}$/), 'config.json': expect.any(String) },
    });
  });

  it('writes a transformers folder, which is a base with the adapter merged in', async () => {
    const out = join(directory, 'merged');
    expect(attune('export', 'v1', '--format', 'safetensors', '--out', out).status).toBe(0);
    const merged = await loadBase(out);
    expect(largestDifference(logSoftmax(plainLogits(merged.weights, PROMPT).at(-1)!), engineLogprobs)).toBeLessThan(
      1e-3,
    );
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    expect(merged.renderPrompt(messages)).toEqual(base.renderPrompt(messages));
  });

  it('writes the base without an adapter, in int8', async () => {
    const out = join(directory, 'base-int8');
    expect(attune('export', 'base', '--precision', 'int8', '--out', out).status).toBe(0);
    const onnx = await StandaloneRun.create(join(out, 'model.onnx'), base.weights.config);
    const q = lastOf((await onnx.run([PROMPT])).logits);
    const p = logSoftmax(plainLogits(base.weights, PROMPT).at(-1)!);
    expect(p.reduce((sum, value, id) => sum + Math.exp(value) * (value - q[id]!), 0)).toBeLessThan(0.01);
    await onnx.dispose();
  });

  it.each([
    [['export', 'nobody'], /nobody/],
    [['export', 'v1', '--format', 'gguf'], /format/],
    [['export', 'v1', '--format', 'safetensors', '--precision', 'int8'], /fp32/],
    [['export', 'v1', '--out', model], /exists already/],
    [['export'], /Name one version/],
  ])('refuses %j with a sentence and leaves nothing behind', (args, sentence) => {
    const { status, stderr } = attune(...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(existsSync(join(data, 'exports/nobody-onnx'))).toBe(false);
    expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
