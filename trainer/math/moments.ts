// Mean and deviation of everything seen so far, batch by batch, in plain numbers that a checkpoint keeps.
import { moments } from './advantages';

export interface RunningMoments {
  count: number;
  mean: number;
  /** Sum of squared differences from the mean. */
  squares: number;
}

export const NO_MOMENTS: RunningMoments = { count: 0, mean: 0, squares: 0 };

/** Merges two sets of moments (Chan et al. 1979). */
export function updateMoments(state: RunningMoments, batch: ArrayLike<number>): RunningMoments {
  const { mean, variance, count } = moments([batch]);
  const total = state.count + count;
  if (count === 0) return state;
  const difference = mean - state.mean;
  return {
    count: total,
    mean: state.mean + (difference * count) / total,
    squares: state.squares + variance * count + (difference ** 2 * state.count * count) / total,
  };
}

/** Unbiased, as in trlX. */
export const deviationOf = ({ count, squares }: RunningMoments) => (count > 1 ? Math.sqrt(squares / (count - 1)) : 0);
