// The classifiers of a run's rules are those of its beginning, and charge what serving would hide.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeClassifier } from '@/core/classifier/classifier-artifact';
import { Classifiers } from '@/core/classifier/classifiers';
import { featuresOf } from '@/core/classifier/features';
import { RuleSet } from '@/core/constraints/rules';
import { NO_CONTEXT } from '@/core/constraints/scanner';
import { TextClassifiers } from '@/engine/text-classifiers';
import { OutputRules } from '@/server/constraints/output-rules';
import { planOutput } from '@/server/constraints/plan';
import { writeExported } from '@/test/exported-classifier';
import { CLASSIFIER_DEFAULTS, fitClassifier } from '@/trainer/classifier/fit';
import { constraintsOf } from '@/trainer/runs/rules/constraints';
import { freezeRules } from '@/trainer/runs/rules/freeze';
import type { RunHome } from '@/trainer/runs/store';

const noEngine = () => Promise.reject(new Error('no engine'));
const { signal } = new AbortController();
const WORDS = ['tree', 'house', 'river', 'bread', 'music', 'winter', 'garden', 'paper'];
let root: string;
let served: string;
let home: RunHome;
let runs = 0;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'attune-freeze-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  const folder = path.join(root, `run-${++runs}`);
  served = path.join(root, `served-${runs}`);
  home = { folder, rules: async () => rulesOf({}) } as unknown as RunHome;
  await writeTiny('ugly');
});

const rulesOf = (more: object) =>
  RuleSet.parse({
    version: 1,
    rules: [{ id: 'toxic', kind: 'classifier', classifier: 'tiny', thresholds: { toxic: 0.5 }, ...more }],
  });

/** Finds sentences with one word, and none with the other. */
async function writeTiny(bad: 'ugly' | 'foul'): Promise<void> {
  const good = bad === 'ugly' ? 'foul' : 'ugly';
  const rows = WORDS.flatMap((one) =>
    WORDS.flatMap((other) => [
      { features: featuresOf(`${good} ${one}, ${good} ${other}! ${good}!`), labels: new Set<string>() },
      { features: featuresOf(`${bad} ${one}, ${bad} ${other}! ${bad}!`), labels: new Set(['toxic']) },
    ]),
  );
  const directory = path.join(served, 'tiny');
  await rm(directory, { recursive: true, force: true });
  await writeClassifier(directory, { ...fitClassifier(rows, CLASSIFIER_DEFAULTS), rows: rows.length });
}

const TEXTS = [
  'The tree and the bread, thanks.',
  'ugly house, ugly paper! The river. ugly!',
  'foul house, foul paper!',
];
const ids = Int32Array.of(1);
async function costs(): Promise<ArrayLike<number>> {
  await mkdir(home.folder, { recursive: true });
  const [constraint] = constraintsOf(await freezeRules(home, served, noEngine), {}, signal);
  return constraint!.costs(TEXTS.map((text) => ({ promptIds: ids, completionIds: ids, text })));
}

it('kept rules that cannot be read end the run with a sentence that names their file', async () => {
  await mkdir(home.folder, { recursive: true });
  const file = path.join(home.folder, 'rules.json');
  for (const text of ['', '{"version":1', 'null', '[]', '{"version":1,"rules":[null]}', '{"version":1,"rules":{}}']) {
    await writeFile(file, text);
    await expect(freezeRules(home, served, noEngine), text).rejects.toMatchObject({
      code: 'CORRUPT',
      message: `${file} holds no rules that can be read. Start the run anew.`,
    });
  }
});

describe('a classifier rule in a run', () => {
  it('costs as many hits as serving finds', async () => {
    const classifiers = new Classifiers(served, noEngine);
    const shown = TEXTS.map(async (text) => {
      const rules = new OutputRules(planOutput(rulesOf({ timeoutMs: 30_000 }), 'member'), {
        ...{ context: NO_CONTEXT, signal, onVerdict: () => {}, onFailure: () => {} },
        tools: { classify: (id, texts) => classifiers.classify(id, texts), post: () => Promise.reject(new Error()) },
      });
      rules.push(text);
      rules.end();
      await rules.settled();
      return rules.hits().length;
    });
    expect(await costs()).toEqual(await Promise.all(shown));
    expect(await costs()).toEqual([0, 2, 0]);
  });

  it('is judged by the classifier of the beginning after the served one was changed or removed', async () => {
    await costs();
    await writeTiny('foul');
    expect(await costs()).toEqual([0, 2, 0]);
    await rm(served, { recursive: true });
    expect(await costs()).toEqual([0, 2, 0]);
    home = { ...home, folder: path.join(root, 'another') };
    await writeTiny('foul');
    expect(await costs()).toEqual([0, 0, 1]);
  });

  it('is refused before anything is trained if there is no such classifier or label', async () => {
    home.rules = async () => rulesOf({ classifier: 'none' });
    await expect(costs()).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('"none"') });
    home.rules = async () => rulesOf({ thresholds: { rude: 0.5 } });
    await expect(costs()).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('"rude"') });
    home.rules = async () => rulesOf({ classifier: 'none', output: 'off', input: 'flag' });
    expect(constraintsOf(await freezeRules(home, served, noEngine), {}, signal)).toEqual([]);
  });

  it('keeps an exported one too: the engine is asked for the copy in the run', async () => {
    await writeExported(path.join(served, 'exported'));
    home.rules = async () => rulesOf({ classifier: 'exported' });
    await mkdir(home.folder, { recursive: true });
    const asked: string[] = [];
    const freeze = () =>
      freezeRules(home, served, async (directory, texts) => {
        asked.push(directory);
        return new TextClassifiers(1).classify(directory, texts);
      });
    const cost = async () =>
      constraintsOf(await freeze(), {}, signal)[0]!.costs([
        { promptIds: ids, completionIds: ids, text: 'Ugly! Foul!' },
      ]);
    expect(await cost()).toEqual([1]);
    await writeExported(path.join(served, 'exported'), {
      bad: 'foul',
      config: { id2label: { 0: 'toxic', 1: 'fine' } },
    });
    expect(await cost()).toEqual([1]);
    expect(new Set(asked)).toEqual(new Set([path.join(home.folder, 'classifiers', 'exported')]));
  });

  it('ends with the run', async () => {
    await mkdir(home.folder, { recursive: true });
    const stop = new AbortController();
    const [constraint] = constraintsOf(await freezeRules(home, served, noEngine), {}, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(constraint!.costs([{ promptIds: ids, completionIds: ids, text: TEXTS[1]! }])).rejects.toThrow(
      'stopped',
    );
  });
});
