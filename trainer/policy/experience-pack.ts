// Converts an experience to named tensors of a checkpoint, and back.
import type { NamedTensors } from '@/trainer/runs/checkpoint';
import { splitByLength } from '@/trainer/sampling/completion-logprobs';
import type { Experience } from './experience';

const RAGGED = [
  'promptIds',
  'completionIds',
  'engineLogprobs',
  'logprobs',
  'referenceLogprobs',
  'entropy',
  'values',
] as const;
const FLAT = ['staleness', 'rewardScores', 'scores'] as const;

/** Checkpoints name completions as the first release did, so that its runs can be resumed. */
const storedName = (key: (typeof RAGGED)[number]) => (key === 'completionIds' ? 'answerIds' : key);

/** float32 holds ids below 2^24 exactly. */
export function packExperience(experience: Experience): NamedTensors {
  const tensors: NamedTensors = new Map();
  const put = (name: string, values: Float32Array) =>
    tensors.set(`experience.${name}`, { shape: [values.length], values });
  for (const key of RAGGED) {
    const rows = experience[key];
    put(`${storedName(key)}.lengths`, Float32Array.from(rows.map((row) => row.length)));
    put(storedName(key), Float32Array.from(rows.flatMap((row) => [...row])));
  }
  for (const key of FLAT) put(key, experience[key]);
  for (const [name, cost] of experience.costs) put(`costs.${name}`, cost);
  return tensors;
}

/** The inverse of `packExperience`; null if the checkpoint is between two experiences. */
export function unpackExperience(tensors: NamedTensors): Experience | null {
  const get = (name: string) => tensors.get(`experience.${name}`)?.values ?? new Float32Array(0);
  if (!tensors.has('experience.scores')) return null;
  const rows = (key: (typeof RAGGED)[number]) => splitByLength(get(storedName(key)), get(`${storedName(key)}.lengths`));
  const ids = (key: 'promptIds' | 'completionIds') => rows(key).map((row) => Int32Array.from(row));
  const prefix = 'experience.costs.';
  return {
    promptIds: ids('promptIds'),
    completionIds: ids('completionIds'),
    staleness: get('staleness'),
    rewardScores: get('rewardScores'),
    scores: get('scores'),
    costs: new Map(
      [...tensors].flatMap(([k, t]) => (k.startsWith(prefix) ? [[k.slice(prefix.length), t.values]] : [])),
    ),
    engineLogprobs: rows('engineLogprobs'),
    logprobs: rows('logprobs'),
    referenceLogprobs: rows('referenceLogprobs'),
    entropy: rows('entropy'),
    values: rows('values'),
  };
}
