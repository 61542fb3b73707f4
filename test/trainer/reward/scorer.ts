// Scores answers with an exported reward model in onnxruntime, to show that the export scores as the trainer does.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { RewardArtifact } from '@/core/artifact/reward-artifact';
import type { Base } from '@/core/base/base';
import { explainWriteError } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import type { Precision } from '@/engine/graph/blocks';
import { ExternalData } from '@/engine/graph/writer';
import { REWARD_GRAPH_VERSION, writeRewardModel } from './graph';

export interface RewardScorer {
  /** Normalised scores, one per answer. */
  score(completions: readonly { promptIds: ArrayLike<number>; completionIds: ArrayLike<number> }[]): Promise<number[]>;
  close(): Promise<void>;
}

export interface RewardScorerOptions {
  precision: Precision;
  cache: string;
  threads: number;
}

const lastOf = (ids: ArrayLike<number>, count: number) => Array.from(ids).slice(Math.max(0, ids.length - count));

/** At most this many padded tokens per run. */
const RUN_TOKENS = 4096;

export async function openRewardScorer(
  base: Base,
  artifact: RewardArtifact,
  { precision, cache, threads }: RewardScorerOptions,
): Promise<RewardScorer> {
  const { state } = artifact;
  if (state.baseSha256 !== base.sha256) {
    throw new AttuneError(
      'BAD_INPUT',
      `The reward model was trained on the base ${state.baseId}, not on ${base.id}. Load that base.`,
    );
  }
  const path = await prepareRewardFile(base, artifact, precision, cache);
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: false, // shapes change with every run
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return {
    async score(completions) {
      const rows = completions.map(({ promptIds, completionIds }) => {
        // As in training, the end of the answer is scored, and at least one token of the prompt stays.
        const completion = lastOf(completionIds, state.maxTokens - 1);
        const prompt = lastOf(promptIds, state.maxTokens - completion.length);
        const ids = [...prompt, ...completion];
        return { ids, start: Math.min(prompt.length, ids.length - 1) };
      });
      const order = rows.map((_, i) => i).sort((a, b) => rows[b]!.ids.length - rows[a]!.ids.length || a - b);
      const scores = new Array<number>(rows.length);
      for (let from = 0; from < order.length; ) {
        const longest = rows[order[from]!]!.ids.length;
        const part = order.slice(from, from + Math.max(1, Math.floor(RUN_TOKENS / longest)));
        const raw = await runRows(
          session,
          part.map((i) => rows[i]!),
        );
        part.forEach((i, j) => {
          scores[i] = normalise(raw[j]!, state);
        });
        from += part.length;
      }
      return scores;
    },
    close: () => session.release(),
  };
}

interface Row {
  ids: readonly number[];
  /** Index of the answer's first token, or of the row's last token if the answer is empty. */
  start: number;
}

/** Raw scores by row, then by head. */
async function runRows(session: InferenceSession, rows: readonly Row[]): Promise<number[][]> {
  const width = Math.max(...rows.map(({ ids }) => ids.length));
  const ids = new BigInt64Array(rows.length * width);
  for (const [r, row] of rows.entries()) for (const [t, id] of row.ids.entries()) ids[r * width + t] = BigInt(id);
  const perRow = (of: (row: Row) => number) => new Tensor('int32', Int32Array.from(rows, of), [rows.length]);
  const { scores } = await session.run({
    ids: new Tensor('int64', ids, [rows.length, width]),
    lengths: perRow((row) => row.ids.length),
    ...(session.inputNames.includes('starts') && { starts: perRow(({ start }) => start) }),
  });
  const heads = scores!.dims[1]!;
  const values = scores!.data as Float32Array;
  return rows.map((_, r) => [...values.subarray(r * heads, (r + 1) * heads)]);
}

function normalise(heads: number[], { gain, bias, uncertaintyPenalty }: RewardArtifact['state']): number {
  const mean = heads.reduce((sum, score) => sum + score, 0) / heads.length;
  const variance = heads.reduce((sum, score) => sum + (score - mean) ** 2, 0) / heads.length;
  return gain * (mean - uncertaintyPenalty * Math.sqrt(variance)) + bias;
}

/** The ONNX file of this reward model, built once per cache folder and renamed to its final name when complete. */
async function prepareRewardFile(base: Base, artifact: RewardArtifact, precision: Precision, cache: string) {
  const hash = createHash('sha256').update(base.sha256);
  for (const { a, b } of artifact.adapter?.pairs.values() ?? []) hash.update(a).update(b);
  hash.update(JSON.stringify(artifact.blocks));
  for (const { weight, bias } of artifact.heads) hash.update(weight).update(String(bias));
  const name = `reward-${hash.digest('hex').slice(0, 16)}-${precision}-v${REWARD_GRAPH_VERSION}`;
  const directory = join(cache, name);
  const path = join(directory, 'model.onnx');
  if (existsSync(path)) return path;
  const temporary = `${directory}.${process.pid}.tmp`;
  try {
    await mkdir(temporary, { recursive: true });
    const data = new ExternalData(join(temporary, 'model.onnx.data'), 'model.onnx.data');
    const { weights } = base;
    await writeFile(
      join(temporary, 'model.onnx'),
      writeRewardModel(data, weights.config, weights, artifact, precision),
    );
    data.close();
    await rename(temporary, directory).catch((error: unknown) => {
      if (!existsSync(path)) throw error; // another process finished the same file first
    });
    return path;
  } catch (error) {
    throw explainWriteError(error, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
