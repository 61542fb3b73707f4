// A run's resumable state on disk: named tensors and plain JSON, exact to the bit, replaced atomically.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { readSafetensors, type TensorToWrite, writeSafetensors } from '@/core/formats/safetensors';
import { sha256File } from '@/core/hash';
import { tf } from '@/trainer/backend';
import type { AdamW, OptimiserState } from '@/trainer/model/optim';
import type { NamedVariables } from '@/trainer/model/types';

export type NamedTensors = Map<string, TensorToWrite>;

export interface Checkpoint<State> {
  /** Counters, controllers, cursors: anything that JSON holds exactly. */
  state: State;
  /** Adapter, heads, optimiser moments, experience. */
  tensors: NamedTensors;
}

/** Where one stage keeps its state: it reads once when it starts and writes often. */
export interface CheckpointStore<State> {
  read(): Promise<Checkpoint<State> | null>;
  write(checkpoint: Checkpoint<State>): Promise<void>;
}

const Pointer = z.object({
  tensors: z.string(),
  sha256: z.string(),
  state: z.unknown(),
  /** Hash of the data set's content that the stage learnt from; absent if it cannot change. */
  contentSha256: z.string().optional(),
});

/** The data that a stage learns from, and whether it has finished and no longer needs that data. */
interface CheckpointBasis<State> {
  snapshot: { sha256: string; contentSha256: string };
  isFinished(state: State): boolean;
}

/**
 * `<stage>.json` holds the state and names the tensor file with its hash; it is replaced last, by a rename, so that a
 * process killed at any moment leaves the old checkpoint or the new one intact. An unfinished stage starts again if
 * people have taken rows back from its data since.
 */
export function directoryCheckpoints<State>(
  directory: string,
  stage: string,
  basis?: CheckpointBasis<State>,
): CheckpointStore<State> {
  const pointerPath = join(directory, `${stage}.json`);
  return {
    async read() {
      const text = await readFile(pointerPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      if (text === null) return null;
      const pointer = parsePointer(text, pointerPath);
      if (basis && !basis.isFinished(pointer.state as State)) {
        const { sha256, contentSha256 } = basis.snapshot;
        if ((pointer.contentSha256 ?? sha256) !== contentSha256) {
          await removeStage(directory, stage);
          return null;
        }
      }
      const path = join(directory, pointer.tensors);
      const digest = await sha256File(path);
      if (digest !== pointer.sha256) {
        throw new AttuneError(
          'CORRUPT',
          `The checkpoint ${path} has sha256 ${digest}, not ${pointer.sha256}. Remove ${pointerPath} to start the stage again.`,
        );
      }
      const file = readSafetensors(path);
      try {
        const tensors: NamedTensors = new Map();
        for (const [name, entry] of file.tensors) tensors.set(name, { shape: entry.shape, values: entry.float32() });
        return { state: pointer.state as State, tensors };
      } finally {
        file.close();
      }
    },

    async write({ state, tensors }) {
      await mkdir(directory, { recursive: true });
      const name = `${stage}.${randomUUID()}.safetensors`;
      await writeSafetensors(join(directory, name), tensors);
      const contentSha256 = basis?.snapshot.contentSha256;
      const pointer = { tensors: name, sha256: await sha256File(join(directory, name)), state, contentSha256 };
      await writeDurably(pointerPath, JSON.stringify(pointer));
      const old = (await readdir(directory)).filter((file) => file.startsWith(`${stage}.`) && file !== name);
      for (const file of old) if (file !== `${stage}.json`) await rm(join(directory, file), { force: true });
    },
  };
}

async function removeStage(directory: string, stage: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(`${stage}.`)) await rm(join(directory, name), { force: true });
  }
}

/** Only the files that resume a run: the finished reward model, curves, rules and manifest stay. */
const RESUMES = /^(sft|reward_model|cost_model|ppo)\.|^(adapters|imported)$/;

/** For a run that has ended and cannot resume. */
export async function removeCheckpoints(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) {
    if (RESUMES.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function parsePointer(text: string, path: string): z.infer<typeof Pointer> {
  try {
    return Pointer.parse(JSON.parse(text));
  } catch (cause) {
    throw new AttuneError('CORRUPT', `${path} is not a checkpoint. Remove it to start the stage again.`, { cause });
  }
}

/** Copies variables out under a prefix. */
export function packVariables(prefix: string, variables: NamedVariables): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const [name, variable] of variables) {
    tensors.set(`${prefix}.${name}`, { shape: variable.shape, values: Float32Array.from(variable.dataSync()) });
  }
  return tensors;
}

/** Copies values back; throws CORRUPT, naming the tensor, if one is missing. */
export function unpackVariables(prefix: string, variables: NamedVariables, tensors: NamedTensors): void {
  for (const [name, variable] of variables) {
    const { values, shape } = tensorOf(tensors, `${prefix}.${name}`);
    tf.tidy(() => variable.assign(tf.tensor(values, shape)));
  }
}

/** Throws CORRUPT, naming the tensor, if it is missing. */
export function tensorOf(tensors: NamedTensors, name: string): TensorToWrite {
  const tensor = tensors.get(name);
  if (tensor) return tensor;
  throw new AttuneError('CORRUPT', `The checkpoint lacks ${name}. Remove it to start the stage again.`);
}

/** Both moments of every variable, with its own step count. */
export function packOptimiser(optimiser: AdamW): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const [name, { step, m, v }] of optimiser.state().moments) {
    tensors.set(`adam.m.${name}`, { shape: [m.length], values: m });
    tensors.set(`adam.v.${name}`, { shape: [v.length], values: v });
    tensors.set(`adam.step.${name}`, { shape: [1], values: Float32Array.of(step) });
  }
  return tensors;
}

export function unpackOptimiser(optimiser: AdamW, variables: NamedVariables, tensors: NamedTensors): void {
  const moments: OptimiserState['moments'] = new Map();
  const prefix = 'adam.step.';
  for (const [key, { values }] of tensors) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const m = tensors.get(`adam.m.${name}`)?.values ?? new Float32Array(0);
    const v = tensors.get(`adam.v.${name}`)?.values ?? new Float32Array(0);
    moments.set(name, { step: values[0]!, m, v });
  }
  optimiser.restore({ moments }, variables);
}
