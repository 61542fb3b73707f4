// Packs completions into rows: several after one copy of their prompt, several prompts in a row, none seeing another.
import { AttuneError } from '@/core/errors';
import type { HiddenPositions } from './positions';
import type { CompletionPositions, Segment, TokenBatch } from './types';

/**
 * A prompt with any number of completions: one for SFT, chosen and rejected for a comparison, the samples of a prompt.
 */
export interface CompletionGroup {
  promptIds: Int32Array;
  completions: readonly Int32Array[];
}

export interface PackedCompletions {
  batch: TokenBatch;
  /** The position that predicts each completion token: completion by completion in the order of the groups. N */
  positions: CompletionPositions;
  /** Number of tokens of each completion, in that order; they add up to N. */
  lengths: number[];
  /** The last token of each completion, in that order. */
  last: HiddenPositions;
}

/**
 * Fills rows of at most `rowTokens` with whole groups, longest first; a longer group has its own row. The cost of
 * attention is the square of the longest row, and all other costs are linear in tokens: rows near the longest group are
 * best.
 */
export function packCompletions(groups: readonly CompletionGroup[], rowTokens = 0): PackedCompletions {
  const sizes = groups.map(({ promptIds, completions }) =>
    completions.reduce((sum, { length }) => sum + length, promptIds.length),
  );
  const rows: Row[] = [];
  const places: { row: number; start: number }[] = new Array(groups.length);
  const order = groups.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  for (const i of order) {
    let row = rows.findIndex(({ length }) => length + sizes[i]! <= rowTokens);
    if (row < 0) row = rows.push({ length: 0, segments: [], parts: [] }) - 1;
    places[i] = { row, start: rows[row]!.length };
    addGroup(rows[row]!, groups[i]!);
  }
  const batch = { ids: rows.map(({ parts }) => concatIds(parts)), segments: rows.map(({ segments }) => segments) };
  return { batch, ...locateCompletions(groups, places) };
}

interface Row {
  length: number;
  segments: Segment[];
  parts: Int32Array[];
}

function addGroup(row: Row, { promptIds, completions }: CompletionGroup): void {
  if (promptIds.length === 0) {
    throw new AttuneError('BAD_INPUT', 'A prompt has no tokens, so nothing predicts its completion. Leave it out.');
  }
  const after = row.segments.push({ length: promptIds.length }) - 1;
  row.parts.push(promptIds, ...completions);
  row.length += promptIds.length;
  for (const { length } of completions) {
    row.segments.push({ length, after });
    row.length += length;
  }
}

function locateCompletions(
  groups: readonly CompletionGroup[],
  places: readonly { row: number; start: number }[],
): Omit<PackedCompletions, 'batch'> {
  const found = { row: [] as number[], position: [] as number[], target: [] as number[] };
  const last = { row: [] as number[], position: [] as number[] };
  const lengths: number[] = [];
  for (const [i, { promptIds, completions }] of groups.entries()) {
    const { row, start } = places[i]!;
    const promptEnd = start + promptIds.length - 1;
    let next = promptEnd + 1;
    for (const completion of completions) {
      for (const [t, target] of completion.entries()) {
        found.row.push(row);
        found.position.push(t === 0 ? promptEnd : next + t - 1);
        found.target.push(target);
      }
      last.row.push(row);
      last.position.push(completion.length === 0 ? promptEnd : next + completion.length - 1);
      lengths.push(completion.length);
      next += completion.length;
    }
  }
  return {
    positions: {
      row: Int32Array.from(found.row),
      position: Int32Array.from(found.position),
      target: Int32Array.from(found.target),
    },
    lengths,
    last: { row: Int32Array.from(last.row), position: Int32Array.from(last.position) },
  };
}

function concatIds(parts: readonly Int32Array[]): Int32Array {
  const ids = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let next = 0;
  for (const part of parts) {
    ids.set(part, next);
    next += part.length;
  }
  return ids;
}
