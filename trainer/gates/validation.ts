// Refuses a snapshot that the gates could not judge, before anything is trained on it.
import { type PipelineConfig, policyConfigOf } from '@/core/config/presets';
import { AttuneError } from '@/core/errors';
import { LEAST_HELD_OUT, LEAST_PROMPTS } from '@/core/snapshot/least';
import { describeLeftOut } from '@/core/snapshot/left-out';
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import { demonstrationRows, promptsOf, rewardExamples } from '@/trainer/data/examples';
import { preferencesOf, shownCompletions } from '@/trainer/data/preference-examples';
import type { Snapshot } from '@/trainer/data/snapshot';

type Judged = Pick<Snapshot, 'rows' | 'counts'>;

/** Throws BAD_INPUT that says what there is and what is needed. `endIds` are the base's. */
export function checkSnapshot(snapshot: Judged, config: PipelineConfig, endIds: readonly number[]): void {
  const problem = findProblem(snapshot.rows, config, endIds);
  if (problem === null) return;
  throw new AttuneError('BAD_INPUT', `${problem} ${describeLeftOut(snapshot.counts)}`.trim());
}

/** One sentence on the first thing that is missing, or null if nothing is. */
function findProblem(rows: readonly SnapshotRow[], config: PipelineConfig, endIds: readonly number[]): string | null {
  if (config.sft === null && config.algorithm === null) {
    return 'The settings leave out imitation (sft) and policy optimisation (algorithm), so nothing would be trained. Give one of them.';
  }
  const votes = rewardExamples(rows);
  return (
    (config.sft && missingDemonstrations(rows, config.sft, endIds)) ??
    missingPrompts(rows, config) ??
    (config.algorithm === null && votes.length === 0 ? missingShown(rows) : missingVotes(rows, config))
  );
}

function missingDemonstrations(
  rows: readonly SnapshotRow[],
  sft: NonNullable<PipelineConfig['sft']>,
  endIds: readonly number[],
): string | null {
  if (demonstrationRows(rows, { leastRating: sft.leastRating, endIds }).length > 0) return null;
  return `${describeRows(rows)}, and no answer to imitate among those to train on. Write or correct answers, import some, or set sft to null.`;
}

/** The gates ask the held-out prompts, the algorithms the other prompts. */
function missingPrompts(rows: readonly SnapshotRow[], config: PipelineConfig): string | null {
  const { maxPromptTokens } = policyConfigOf(config);
  const [train, heldOut] = (['train', 'heldout'] as const).map(
    (split) => promptsOf(rows, split, maxPromptTokens).length,
  ) as [number, number];
  if (heldOut >= LEAST_HELD_OUT && train > 0) return null;
  const prompts = rows.filter(({ kind }) => kind === 'prompt').length;
  const tooLong = prompts - train - heldOut;
  const name = `${config.algorithm ?? 'ppo'}.maxPromptTokens`;
  const found = tooLong > 0 ? `, ${tooLong} of them over ${maxPromptTokens} tokens` : '';
  const sides = prompts - tooLong < LEAST_PROMPTS ? '' : `, ${train} to train on and ${heldOut} held out`;
  const needed = sides ? 'more' : `at least ${LEAST_PROMPTS}`;
  const collect = config.algorithm === null ? 'add demonstrations to' : 'collect votes on';
  const raise = tooLong > 0 ? `, or raise ${name}` : '';
  return `${describeRows(rows)}${found}${sides}: ${collect} ${needed} prompts of at most ${maxPromptTokens} tokens${raise}. One in eight is held out, and a gain is judged on at least ${LEAST_HELD_OUT}.`;
}

function missingVotes(rows: readonly SnapshotRow[], { algorithm }: PipelineConfig): string | null {
  const votes = rewardExamples(rows);
  if (votes.length === 0) {
    return `${describeRows(rows)}, and no vote to train on: collect comparisons, thumbs or ratings, or only imitate, with sft {} and algorithm null.`;
  }
  if (votes.every((vote) => vote.kind === 'comparison' && vote.outcome === 'tie')) {
    return `${describeRows(rows)}, and every vote is a tie: collect votes that prefer an answer.`;
  }
  const { comparisons, thumbs } = preferencesOf(rows);
  if (algorithm === 'dpo' && comparisons.length === 0) {
    return `${describeRows(rows)}, and no comparison for dpo: collect comparisons, or choose another algorithm.`;
  }
  if (algorithm === 'kto' && comparisons.length + thumbs.length === 0) {
    return `${describeRows(rows)}, and neither thumbs nor comparisons for kto: collect some, or choose another algorithm.`;
  }
  return null;
}

/** A run that only imitates is judged by held-out demonstrations. */
function missingShown(rows: readonly SnapshotRow[]): string | null {
  const prompts = new Set(shownCompletions(rows, 'heldout').map(({ promptIds }) => promptIds.join()));
  if (prompts.size >= LEAST_HELD_OUT) return null;
  return (
    `${describeRows(rows)}, and demonstrations of ${prompts.size} held-out prompts: without votes a gain is judged on those of ` +
    `at least ${LEAST_HELD_OUT}. Add demonstrations for at least ${LEAST_PROMPTS} prompts.`
  );
}

const KINDS: Partial<Record<SnapshotRow['kind'], [one: string, several: string]>> = {
  comparison: ['pair', 'pairs'],
  thumb: ['thumb', 'thumbs'],
  best_of: ['pick', 'picks'],
  ranking: ['ranking', 'rankings'],
  rating: ['rating', 'ratings'],
  questionnaire: ['questionnaire', 'questionnaires'],
  correction: ['correction', 'corrections'],
  demonstration: ['demonstration', 'demonstrations'],
};

/** "24 pairs for 1 prompt". */
function describeRows(rows: readonly SnapshotRow[]): string {
  const countOf = (kind: string) => rows.filter((row) => row.kind === kind).length;
  const amount = (count: number, [one, several]: [string, string]) => `${count} ${count === 1 ? one : several}`;
  const given = Object.entries(KINDS).flatMap(([kind, names]) => {
    const count = countOf(kind);
    return count > 0 ? [amount(count, names)] : [];
  });
  return `${given.join(', ') || 'No vote'} for ${amount(countOf('prompt'), ['prompt', 'prompts'])}`;
}
