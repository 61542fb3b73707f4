// The text classifiers that rules name: found by id in one folder, and read once.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type ClassifierArtifact, readClassifier } from '@/core/classifier/classifier-artifact';
import { AttuneError } from '@/core/errors';

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
