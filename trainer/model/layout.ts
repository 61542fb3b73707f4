// Where each token of a batch is: the flat order of real tokens, its place in the padded [B, T], and what it may see.
import { AttuneError } from '@/core/errors';
import type { Segment, TokenBatch } from './types';

export interface BatchLayout {
  /** The real tokens of all rows, row after row. N */
  ids: Int32Array;
  /** Distance of each token from the start of its sequence. N */
  positions: Int32Array;
  batch: number; // B
  length: number; // T, the longest row
  /** row * T + index in the row. N */
  places: Int32Array;
  /** No row is padded, so flat and padded order are the same. */
  isDense: boolean;
  /** 0 where query t may see key s, else -1e9. [1, T, T] if every row is one sequence, else [B, T, T]. */
  mask: { values: Float32Array; rows: number };
}

const HIDDEN = -1e9;

/** `maxPositions` bounds a token's position, not the length of a packed row. */
export function layOut({ ids: rows, segments }: TokenBatch, maxPositions: number): BatchLayout {
  const length = Math.max(0, ...rows.map((row) => row.length));
  if (length === 0) throw new AttuneError('BAD_INPUT', 'The batch has no tokens. Leave empty examples out.');
  if (segments && segments.length !== rows.length) {
    throw new AttuneError('BAD_INPUT', `The batch has ${rows.length} rows and segments for ${segments.length}.`);
  }
  const total = rows.reduce((sum, row) => sum + row.length, 0);
  const ids = new Int32Array(total);
  const positions = new Int32Array(total);
  const places = new Int32Array(total);
  let next = 0;
  for (const [r, row] of rows.entries()) {
    ids.set(row, next);
    positions.set(segments ? positionsOf(segments[r]!, row.length) : Int32Array.from(row.keys()), next);
    for (let t = 0; t < row.length; t++) places[next++] = r * length + t;
  }
  const furthest = positions.reduce((a, b) => Math.max(a, b), 0) + 1;
  if (furthest > maxPositions) {
    throw new AttuneError(
      'TOO_LONG',
      `A row has ${furthest} tokens; the base reads ${maxPositions}. Shorten or drop it.`,
    );
  }
  const mask = segments
    ? { values: treeMasks(segments, length), rows: rows.length }
    : { values: causalMask(length), rows: 1 };
  return { ids, positions, batch: rows.length, length, places, isDense: total === rows.length * length, mask };
}

/** A token's position counts from the start of the sequence that its segment continues. */
function positionsOf(segments: readonly Segment[], length: number): Int32Array {
  const positions = new Int32Array(length);
  const ends: number[] = []; // position after the last token of each segment
  let next = 0;
  for (const [s, { length: size, after }] of segments.entries()) {
    if (after !== undefined && !(after >= 0 && after < s)) {
      throw new AttuneError('BAD_INPUT', `Segment ${s} continues segment ${after}, which does not come before it.`);
    }
    const start = after === undefined ? 0 : ends[after]!;
    for (let t = 0; t < size && next < length; t++) positions[next++] = start + t;
    ends.push(start + size);
  }
  const claimed = segments.reduce((sum, { length }) => sum + length, 0);
  if (claimed !== length) {
    throw new AttuneError('BAD_INPUT', `The segments of a row have ${claimed} tokens, the row has ${length}.`);
  }
  return positions;
}

/** Shows keys that are not later than the query. Rows are padded on the right, so this also hides the padding. */
function causalMask(length: number): Float32Array {
  const mask = new Float32Array(length * length);
  for (let t = 0; t < length; t++) mask.fill(HIDDEN, t * length + t + 1, (t + 1) * length);
  return mask;
}

/** Shows the query's own segment up to the query, and all of the segments that it continues. [B, T, T] */
function treeMasks(rows: readonly (readonly Segment[])[], length: number): Float32Array {
  const masks = new Float32Array(rows.length * length * length).fill(HIDDEN);
  for (const [r, segments] of rows.entries()) {
    const starts: number[] = [];
    let next = 0;
    for (const { length: size, after } of segments) {
      starts.push(next);
      for (let t = next; t < next + size; t++) {
        const query = (r * length + t) * length;
        masks.fill(0, query + next, query + t + 1);
        for (let s = after; s !== undefined; s = segments[s]!.after) {
          masks.fill(0, query + starts[s]!, query + starts[s]! + segments[s]!.length);
        }
      }
      next += size;
    }
    // A padded query sees only itself; nothing reads its result.
    for (let t = next; t < length; t++) masks[(r * length + t) * length + t] = 0;
  }
  return masks;
}

/** The mask of layers that see only the last `window` positions: everything further back is also hidden. */
export function windowMask({ mask, batch, length, places, positions }: BatchLayout, window: number): Float32Array {
  const at = new Int32Array(mask.rows * length); // position at each place
  if (mask.rows === batch) for (const [token, place] of places.entries()) at[place] = positions[token]!;
  else for (let t = 0; t < length; t++) at[t] = t; // one mask serves rows that are one sequence each
  const narrow = mask.values.slice();
  for (let query = 0; query < at.length; query++) {
    const row = query - (query % length);
    for (let s = 0; s < length; s++) {
      if (at[query]! - at[row + s]! >= window) narrow[query * length + s] = HIDDEN;
    }
  }
  return narrow;
}
