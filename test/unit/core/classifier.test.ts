// A linear classifier learns what its rows say, survives its files, and refuses files that were changed.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readClassifier, writeClassifier } from '@/core/classifier/classifier-artifact';
import { featuresOf } from '@/core/classifier/features';
import { classify } from '@/core/classifier/linear-classifier';
import { Rng } from '@/core/rng';
import { growth } from '@/test/unit/growth';
import { CLASSIFIER_DEFAULTS, fitClassifier } from '@/trainer/classifier/fit';

const rng = new Rng(4);
const NEUTRAL = 'the a we they go home see book house and then later maybe table green slow'.split(' ');
const row = (...marks: string[]) => {
  const words = Array.from({ length: 8 }, () => NEUTRAL[rng.integer(NEUTRAL.length)]!);
  return [...words.slice(0, 4), ...marks, ...words.slice(4)].join(' ');
};
const rows = Array.from({ length: 600 }, (_, i) =>
  i % 3 === 0
    ? { text: row('horrible'), labels: ['rude'] }
    : i % 3 === 1
      ? { text: row('football'), labels: ['sport'] }
      : { text: row(), labels: [] as string[] },
);
const featureRows = rows.map(({ text, labels }) => ({ features: featuresOf(text), labels: new Set(labels) }));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'attune-classifier-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a classifier', () => {
  const fitted = fitClassifier(featureRows, CLASSIFIER_DEFAULTS);

  it('tells the labels of texts that it has not seen, also in forms that it has not seen', () => {
    const isHit = (text: string, label: string) => classify(fitted.labels, text)[label]! >= fitted.thresholds[label]!;
    for (const text of [row('horrible'), row('horribly')])
      expect([isHit(text, 'rude'), isHit(text, 'sport')]).toEqual([true, false]);
    for (const text of [row('football'), row('FOOTBALLS')])
      expect([isHit(text, 'rude'), isHit(text, 'sport')]).toEqual([false, true]);
    expect([isHit(row(), 'rude'), isHit(row(), 'sport')]).toEqual([false, false]);
  });

  it('is the same for the same rows and seed', () => {
    expect(fitClassifier(featureRows, CLASSIFIER_DEFAULTS)).toEqual(fitted);
  });

  it('follows the rows that count for more where rows disagree', () => {
    const rows = (rude: number, none: number) =>
      Array.from({ length: 200 }, (_, i) => ({
        ...(i % 2 === 0 ? { labels: new Set(['rude']), weight: rude } : { labels: new Set<string>(), weight: none }),
        features: featuresOf('horrible'),
      }));
    const probability = (rude: number, none: number) =>
      classify(fitClassifier(rows(rude, none), CLASSIFIER_DEFAULTS).labels, 'horrible').rude!;
    expect(probability(3, 1)).toBeGreaterThan(0.6);
    expect(probability(1, 3)).toBeLessThan(0.4);
  });

  it('is read as it was written, up to the half precision of its weights', async () => {
    const directory = path.join(folder, 'one');
    await writeClassifier(directory, { ...fitted, rows: rows.length });
    const read = await readClassifier(directory);
    expect(read.thresholds).toEqual(fitted.thresholds);
    expect(read.rows).toBe(600);
    for (const { text } of rows.slice(0, 50))
      for (const [label, probability] of Object.entries(classify(fitted.labels, text)))
        expect(Math.abs(classify(read.labels, text)[label]! - probability)).toBeLessThan(0.01);
  });

  it('is not read if its weights or its manifest were changed', async () => {
    const directory = path.join(folder, 'two');
    await writeClassifier(directory, { ...fitted, rows: rows.length });
    const file = path.join(directory, 'weights.safetensors');
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(readClassifier(directory)).rejects.toMatchObject({ code: 'CORRUPT' });
    await writeFile(path.join(directory, 'classifier.json'), '{"format": 1}');
    await expect(readClassifier(directory)).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(readClassifier(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('does not overwrite a classifier', async () => {
    const directory = path.join(folder, 'three');
    await writeClassifier(directory, { ...fitted, rows: 1 });
    await expect(writeClassifier(directory, { ...fitted, rows: 2 })).rejects.toThrow();
    expect((await readClassifier(directory)).rows).toBe(1);
  });
});

it('features take time linear in the text, in every script', () => {
  for (const text of ['All work and no play ', '今日は天気が', 'a', '!'])
    expect(
      growth((length) => featuresOf(text.repeat(Math.ceil(length / text.length)).slice(0, length)), 1000),
      text,
    ).toBeLessThan(3);
});
