// Rules that ask a classifier: what they do to an answer, and what cannot be saved.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeClassifier } from '@/core/classifier/classifier-artifact';
import { featuresOf } from '@/core/classifier/features';
import { writeExported } from '@/test/exported-classifier';
import { CLASSIFIER_DEFAULTS, fitClassifier } from '@/trainer/classifier/fit';
import { ada, add, admin, classifiers, isSaved, openDesk, SECOND_HIDDEN, world } from './asking-desk';
import { answerTo, callAs, createUser } from './world';

openDesk();

/** Fitted on sentences of which every second one is ugly. */
async function writeTinyClassifier(id: string): Promise<string> {
  const words = ['tree', 'house', 'river', 'bread', 'music', 'winter', 'garden', 'paper'];
  const rows = words.flatMap((word) =>
    words.flatMap((other) => [
      { features: featuresOf(`The ${word} and the ${other}, thanks.`), labels: new Set<string>() },
      { features: featuresOf(`Ugly ${word}, ugly ${other}! Ugly!`), labels: new Set(['toxic']) },
    ]),
  );
  const directory = path.join(classifiers, id);
  await writeClassifier(directory, { ...fitClassifier(rows, CLASSIFIER_DEFAULTS), rows: rows.length });
  return directory;
}

describe('a rule that asks a classifier', () => {
  const ruleOf = (id: string, classifier: string, more: object = {}) => ({
    ...{ id, kind: 'classifier', classifier, thresholds: { toxic: 0.5 }, output: 'mask' },
    ...more,
  });

  it('hides the toxic sentence of an answer and no other, and its person is told the kind', async () => {
    await writeTinyClassifier('tiny');
    await add(ruleOf('toxic-tiny', 'tiny'));
    const answer = await answerTo(ada, 'Hi');
    expect(answer.text).toBe(SECOND_HIDDEN);
    for (const [, event] of answer.events) expect(event.text).not.toContain('U');
    expect(answer.events.at(-1)![1]).toMatchObject({ notices: [{ effect: 'masked', kind: 'classifier' }] });
  });

  it('goes on with the classifier that was read and checked, whatever becomes of its folder', async () => {
    const directory = await writeTinyClassifier('kept');
    await add(ruleOf('toxic-kept', 'kept', { onFailure: 'allow' }));
    await rm(directory, { recursive: true });
    expect((await answerTo(ada, 'Hi')).text).toBe(SECOND_HIDDEN);
  });

  it('cannot be saved without its classifier: the refusal names the folder and the command, and then it can', async () => {
    const missing = path.join(classifiers, 'late');
    await expect(add(ruleOf('toxic-late', 'late'))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', param: 'classifier', message: expect.stringContaining(`--out ${missing}`) },
    });
    await expect(add(ruleOf('toxic-late', 'late'))).rejects.toThrow('npx attune train-classifier');
    await mkdir(missing, { recursive: true });
    await expect(add(ruleOf('toxic-late', 'late'))).rejects.toMatchObject({ cause: { code: 'BAD_INPUT' } });
    expect(await isSaved('toxic-late')).toBe(false);
    await rm(missing, { recursive: true });
    await writeTinyClassifier('late');
    await add(ruleOf('toxic-late', 'late'));
    expect(await isSaved('toxic-late')).toBe(true);
  });

  it('cannot be saved if the weights were changed, or for a label that the classifier does not have', async () => {
    const file = path.join(await writeTinyClassifier('changed'), 'weights.safetensors');
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(add(ruleOf('toxic-changed', 'changed'))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', message: expect.stringContaining('not the file that was written') },
    });
    await writeTinyClassifier('labels');
    await expect(add(ruleOf('rude', 'labels', { thresholds: { rude: 0.5 } }))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', param: 'thresholds', message: expect.stringContaining('"rude"') },
    });
    expect([await isSaved('toxic-changed'), await isSaved('rude')]).toEqual([false, false]);
  });

  it('may be one that transformers exported: the engine runs it', async () => {
    await writeExported(path.join(classifiers, 'exported'));
    await add(ruleOf('toxic-exported', 'exported', { timeoutMs: 30_000 }));
    expect((await answerTo(ada, 'Hi')).text).toBe(SECOND_HIDDEN);
  });

  it('cannot be saved for an exported one that cannot be run, or that has other labels', async () => {
    await writeExported(path.join(classifiers, 'broken'), { scores: 3 });
    await expect(add(ruleOf('toxic-broken', 'broken'))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', message: expect.stringContaining('scores of the shape [1, 3] for 2 labels') },
    });
    await writeExported(path.join(classifiers, 'other'));
    await expect(add(ruleOf('toxic-other', 'other', { thresholds: { rude: 0.5 } }))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', param: 'thresholds', message: expect.stringContaining('fine, toxic') },
    });
    expect([await isSaved('toxic-broken'), await isSaved('toxic-other')]).toEqual([false, false]);
  });

  it('cannot be restored once another process finds no classifier', async () => {
    const directory = await writeTinyClassifier('gone');
    await add(ruleOf('toxic-gone', 'gone'));
    await admin.rule.remove({ id: 'toxic-gone', expectedVersion: 1 });
    await rm(directory, { recursive: true });
    const next = await world.startWeb();
    const there = callAs(next, await createUser(next, 'admin'), 'admin');
    await expect(there.rule.restore({ id: 'toxic-gone', version: 1, expectedVersion: 2 })).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', param: 'classifier' },
    });
  });
});
