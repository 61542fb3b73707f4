// The text classifiers that rules name: found by id in one folder, and read once.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { AttuneError } from '../errors';
import { type ClassifierArtifact, copyClassifier, readClassifier } from './classifier-artifact';
import { classify } from './linear-classifier';

export class Classifiers {
  private readonly read = new Map<string, Promise<ClassifierArtifact>>();

  constructor(private readonly folder: string) {}

  /** Throws BAD_INPUT if there is none, or if its files are not those that were written. What failed is read again. */
  get(id: string): Promise<ClassifierArtifact> {
    const known = this.read.get(id);
    if (known) return known;
    const reading = this.load(id).catch((error: unknown) => {
      this.read.delete(id);
      throw error;
    });
    this.read.set(id, reading);
    return reading;
  }

  /** Probability of each label, for each text. */
  async classify(id: string, texts: readonly string[]): Promise<Record<string, number>[]> {
    const { labels } = await this.get(id);
    return texts.map((text) => classify(labels, text));
  }

  /** Throws BAD_INPUT if it does not have one of the labels. */
  async checkLabels(id: string, labels: readonly string[]): Promise<void> {
    const { thresholds } = await this.get(id);
    const unknown = labels.find((label) => !Object.hasOwn(thresholds, label));
    if (unknown === undefined) return;
    const known = Object.keys(thresholds).slice(0, 20).join(', ');
    throw new AttuneError('BAD_INPUT', `Classifier "${id}" has no label "${unknown}". Its labels are: ${known}.`, {
      param: 'thresholds',
    });
  }

  /** Copies it into another folder of classifiers, unless it is there. */
  async copyTo(id: string, folder: string): Promise<void> {
    const copy = path.join(folder, id);
    if (existsSync(copy)) return;
    await this.get(id);
    await copyClassifier(path.join(this.folder, id), copy);
  }

  private async load(id: string): Promise<ClassifierArtifact> {
    const directory = path.join(this.folder, id);
    const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (!files)
      throw new AttuneError(
        'BAD_INPUT',
        `There is no classifier "${id}": ${directory} does not exist. Write it with: npx attune train-classifier FILE.jsonl --out ${directory}`,
        { param: 'classifier' },
      );
    try {
      return await readClassifier(directory);
    } catch (cause) {
      if (!(cause instanceof AttuneError)) throw cause;
      throw new AttuneError('BAD_INPUT', `Classifier "${id}" cannot be read. ${cause.message}`, {
        ...{ param: 'classifier', cause },
      });
    }
  }
}
