// Describes what one sequence feeds into a run of the graph, and reads its new tokens from the run's outputs.
import type { Tensor } from 'onnxruntime-node';
import type { TopTokens } from '@/engine/protocol';
import type { DecodingRow } from './forward';
import type { SampledRow } from './sampler';

export interface Turn extends SampledRow, DecodingRow {}

export interface Emitted {
  ids: number[];
  logprobs: number[];
  top?: TopTokens[];
  stopped: boolean;
}

export const nothingYet = ({ topLogprobs }: Turn): Emitted => ({
  ids: [],
  logprobs: [],
  ...(topLogprobs && { top: [] }),
  stopped: false,
});

/** The outputs to fetch for these turns' tokens. */
export const fetchesOf = (turns: Turn[]) => [
  'tokens',
  'logprobs',
  ...(turns.some(({ topLogprobs }) => topLogprobs) ? ['topIds', 'topLogprobs'] : []),
];

/** Reads a turn's tokens at the given places of [turns, rows], up to a stop id or for as long as `goesOn` allows. */
export function readEmitted(
  turn: Turn,
  output: Record<string, Tensor>,
  places: number[],
  goesOn: (id: number, index: number) => boolean = () => true,
): Emitted {
  const emitted = nothingYet(turn);
  const tokens = output.tokens!.data as BigInt64Array;
  const logprobs = output.logprobs!.data as Float32Array;
  for (const [index, at] of places.entries()) {
    const id = Number(tokens[at]);
    emitted.ids.push(id);
    emitted.logprobs.push(logprobs[at]!);
    emitted.top?.push(topTokens(output, at, turn.topLogprobs!));
    emitted.stopped = turn.stopIds.includes(id);
    if (emitted.stopped || !goesOn(id, index)) break;
  }
  return emitted;
}

/** The first `count` top tokens that a run reports at one place of its [turns, rows]. */
function topTokens(output: Record<string, Tensor>, at: number, count: number): TopTokens {
  const reported = output.topIds!.dims[2]!;
  const [start, end] = [at * reported, at * reported + Math.min(count, reported)];
  const ids = (output.topIds!.data as BigInt64Array).subarray(start, end);
  const logprobs = (output.topLogprobs!.data as Float32Array).subarray(start, end);
  return { ids: Array.from(ids, Number), logprobs: Array.from(logprobs) };
}
