// A run under constraints: a rule with a target, and a cost model from safety labels, from the files to the gates.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDataSet } from '@/bench/resume/killed-runs';
import { loadBase } from '@/core/base/load-base';
import { writeClassifier } from '@/core/classifier/classifier-artifact';
import { featuresOf } from '@/core/classifier/features';
import { RuleSet } from '@/core/constraints/rules';
import { Rng } from '@/core/rng';
import { writeExported } from '@/test/exported-classifier';
import { writeTinyLlama } from '@/test/tiny-llama';
import { startBackend, tf } from '@/trainer/backend';
import { CLASSIFIER_DEFAULTS, fitClassifier } from '@/trainer/classifier/fit';
import { readDataFiles } from '@/trainer/data/files';
import { runPipeline } from '@/trainer/pipeline';
import { filesHome } from '@/trainer/runs/folder-store';
import { problem, silent } from './process-support';

const MINUTES = 300_000;
let folder: string;
let model: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-constrained-'));
  model = join(folder, 'model');
  await writeTinyLlama(model, { seed: 7 });
  await writeDataSet(join(folder, 'votes.jsonl'), 60);
  if (!problem) await startBackend();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Pairs in the columns of PKU-SafeRLHF; unsafe answers have letters of the second half of the alphabet. */
async function writeSafetyPairs(file: string, count: number): Promise<void> {
  const rng = new Rng(3);
  const word = (from: number) =>
    Array.from({ length: 6 }, () => String.fromCharCode(97 + from + rng.integer(13))).join('');
  const lines = Array.from({ length: count }, (_, i) => ({
    ...{ prompt: `ask ${i}`, response_0: word(13), response_1: word(0) },
    ...{ is_response_0_safe: false, is_response_1_safe: true, safer_response_id: 1, better_response_id: i % 2 },
  }));
  await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'));
}

async function train(name: string, safetyPairs: number, config: object, constraints?: RuleSet) {
  await writeSafetyPairs(join(folder, 'safety.jsonl'), safetyPairs);
  const data = await readDataFiles(
    ['votes.jsonl', 'safety.jsonl'].map((file) => join(folder, file)),
    await loadBase(model),
  );
  const home = await filesHome({
    folder: join(folder, name),
    config: { preset: 'tiny', seed: 1, rewardModel: { probe: {} }, ppo: { iterations: 2, epochs: 1 }, ...config },
    parent: null,
    data,
    constraints,
    signal: new AbortController().signal,
    onProgress() {},
  });
  const settings = { modelPath: model, cache: join(folder, 'cache'), classifiers: join(folder, 'classifiers') };
  const outcome = await runPipeline(home, { ...settings, engineThreads: 1 }, silent);
  const curves = (await readFile(join(home.folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return { ...outcome, folder: home.folder, lines: curves.map((line) => JSON.parse(line) as Record<string, number>) };
}

const gateOf = (lines: readonly Record<string, number>[], name: string) =>
  lines.find((line) => Object.hasOwn(line, `gate/${name}`))?.[`gate/${name}`];

describe.skipIf(problem)('a run under constraints', () => {
  it(
    'learns what is safe, charges it with a multiplier beside a rule’s, and judges both by their targets',
    async () => {
      const before = tf.memory().numTensors;
      const { verdict, lines } = await train('harm', 60, { constraints: { profanity: { target: 0.5, price: 2 } } });
      expect(verdict).toMatch(
        /Harm is charged: the cost model tells unsafe from safe in (8[1-9]|9\d|100) % of \d+ held-out/,
      );
      const judged = lines.find((line) => line['cost_model/eval_sign_balanced_accuracy'] !== undefined)!;
      expect(judged['cost_model/eval_accuracy']).toBeGreaterThan(0.8);
      const ppo = lines.filter((line) => (line.stage as unknown) === 'ppo');
      expect(ppo[0]).toMatchObject({ 'constraint/harm/lambda': 1, 'constraint/harm/target': 0 });
      expect(ppo[0]).toMatchObject({ 'constraint/profanity/lambda': 2, 'constraint/profanity/target': 0.5 });
      const cost = ppo[0]!['costs/harm']!;
      expect(cost).not.toBe(0);
      // log lambda = 0 + 0.1 * 1 * (cost - 0)
      expect(ppo[1]!['constraint/harm/lambda']).toBeCloseTo(Math.exp(0.1 * cost), 4);
      expect(gateOf(lines, 'constraint/harm')).toBeDefined();
      expect(gateOf(lines, 'constraint/profanity')).toBe(0);
      expect(tf.memory().numTensors).toBe(before);
    },
    MINUTES,
  );

  it(
    'says that harm is not charged where labels are too few, and goes on without it',
    async () => {
      const { verdict, lines } = await train('few', 20, {});
      expect(verdict).toMatch(
        /Harm is not charged: \d+ answers are labelled unsafe and \d+ safe, and it takes 40 of each\./,
      );
      expect(gateOf(lines, 'constraint/harm')).toBeUndefined();
      expect(gateOf(lines, 'constraint/profanity')).toBeDefined();
    },
    MINUTES,
  );

  it(
    'charges what a classifier finds, in every iteration and at the gates',
    async () => {
      // The tiny model's answers are letters at random; about half of them begin one way or the other.
      const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i));
      const rows = letters.flatMap((one, i) =>
        letters.map((other) => ({
          features: featuresOf(`${one}${other}`),
          labels: new Set(i >= 13 ? ['late'] : []),
        })),
      );
      await writeClassifier(join(folder, 'classifiers', 'letters'), {
        ...fitClassifier(rows, CLASSIFIER_DEFAULTS),
        rows: rows.length,
      });
      const rule = {
        id: 'late-letters',
        kind: 'classifier',
        classifier: 'letters',
        thresholds: { late: 0.3 },
        cost: 2,
      };
      await writeExported(join(folder, 'classifiers', 'exported'));
      const exported = { id: 'exported', kind: 'classifier', classifier: 'exported', thresholds: { fine: 0.5 } };
      const { lines, folder: run } = await train(
        'classified',
        20,
        {},
        RuleSet.parse({ version: 1, rules: [{ id: 'profanity', kind: 'profanity' }, rule, exported] }),
      );
      const ppo = lines.filter((line) => (line.stage as unknown) === 'ppo');
      for (const line of ppo) {
        expect(line['constraint/late-letters/rate']).toBeGreaterThan(0);
        expect(line['constraint/exported/rate']).toBeGreaterThan(0);
        expect(line['reward/penalty']).toBeGreaterThanOrEqual(2 * line['constraint/late-letters/rate']! - 1e-6);
      }
      expect(ppo.length).toBeGreaterThan(1);
      expect(gateOf(lines, 'constraint/late-letters')).toBeGreaterThan(0);
      expect(gateOf(lines, 'constraint/exported')).toBeGreaterThan(0);
      expect(existsSync(join(run, 'classifiers', 'exported', 'model.onnx'))).toBe(true);
      expect(existsSync(join(run, 'classifiers', 'letters', 'classifier.json'))).toBe(true);
    },
    MINUTES,
  );

  it('refuses a target for a rule that there is not, before anything is trained', async () => {
    await expect(train('typo', 20, { constraints: { profanty: { target: 0.01 } } })).rejects.toThrow(
      /no rule on answers has the id "profanty"; did you mean "profanity"/,
    );
  });
});
