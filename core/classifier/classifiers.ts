// The text classifiers that rules name: found by id in one folder, and read once.
import { existsSync } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { syncPath, writeFolder } from '../durable-file';
import { AttuneError } from '../errors';
import { MANIFEST_FILE, readClassifier, WEIGHTS_FILE } from './classifier-artifact';
import { EXPORTED_FILES, readExported } from './exported';
import { classify } from './linear-classifier';

type Verdicts = Record<string, number>[];

/** Runs a classifier that transformers exported: the engine's `classify`. */
export type RunExported = (directory: string, texts: readonly string[], signal?: AbortSignal) => Promise<Verdicts>;

interface Classifier {
  labels: string[];
  classify(texts: readonly string[], signal?: AbortSignal): Promise<Verdicts>;
}

export class Classifiers {
  private readonly read = new Map<string, Promise<Classifier>>();

  constructor(
    private readonly folder: string,
    private readonly runExported: RunExported,
  ) {}

  /** Probability of each label, for each text. Throws BAD_INPUT if there is none, or if its files cannot be used. */
  async classify(id: string, texts: readonly string[], signal?: AbortSignal): Promise<Verdicts> {
    return (await this.get(id)).classify(texts, signal);
  }

  /** Throws BAD_INPUT if it does not have one of the labels. */
  async checkLabels(id: string, labels: readonly string[]): Promise<void> {
    const known = (await this.get(id)).labels;
    const unknown = labels.find((label) => !known.includes(label));
    if (unknown === undefined) return;
    const all = known.slice(0, 20).join(', ');
    throw new AttuneError('BAD_INPUT', `Classifier "${id}" has no label "${unknown}". Its labels are: ${all}.`, {
      param: 'thresholds',
    });
  }

  /** Copies it into another folder of classifiers, unless it is there; the copy is whole and was checked. */
  async copyTo(id: string, folder: string): Promise<void> {
    const [from, to] = [path.join(this.folder, id), path.join(folder, id)];
    if (existsSync(to)) return;
    await this.get(id);
    const files = isOurs(from) ? [WEIGHTS_FILE, MANIFEST_FILE] : EXPORTED_FILES;
    await writeFolder(to, async (temporary) => {
      for (const name of files) {
        const copy = path.join(temporary, name);
        await copyFile(path.join(from, name), copy);
        await syncPath(copy);
      }
      await this.open(temporary);
    });
  }

  /** What failed is read again. */
  private get(id: string): Promise<Classifier> {
    const known = this.read.get(id);
    if (known) return known;
    const reading = this.load(id).catch((error: unknown) => {
      this.read.delete(id);
      throw error;
    });
    this.read.set(id, reading);
    return reading;
  }

  private async load(id: string): Promise<Classifier> {
    const directory = path.join(this.folder, id);
    const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (!files)
      throw new AttuneError(
        'BAD_INPUT',
        `There is no classifier "${id}": ${directory} does not exist. Train one with: npx attune train-classifier FILE.jsonl --out ${directory}`,
        { param: 'classifier' },
      );
    try {
      return await this.open(directory);
    } catch (cause) {
      if (!(cause instanceof AttuneError)) throw cause;
      throw new AttuneError('BAD_INPUT', `Classifier "${id}" cannot be read. ${cause.message}`, {
        ...{ param: 'classifier', cause },
      });
    }
  }

  private async open(directory: string): Promise<Classifier> {
    if (isOurs(directory)) {
      const { labels } = await readClassifier(directory);
      const names = labels.map(({ name }) => name);
      return { labels: names, classify: async (texts) => texts.map((text) => classify(labels, text)) };
    }
    const { labels } = await readExported(directory);
    return { labels, classify: (texts, signal) => this.runExported(directory, texts, signal) };
  }
}

/** An exported classifier has a graph; anything else should be one that `train-classifier` wrote. */
const isOurs = (directory: string) => !existsSync(path.join(directory, 'model.onnx'));
