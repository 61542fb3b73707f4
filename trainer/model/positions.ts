// Converts between hidden states [B, T, H] and the rows [N, H] at the positions that a loss reads.
import { type Tensor, type Tensor2D, type Tensor3D, tf } from '@/trainer/backend';
import type { CompletionPositions, HeadLoss, NamedGradients } from './types';

export type HiddenPositions = Pick<CompletionPositions, 'row' | 'position'>;

/** The response of each row: hidden[row][promptLength - 1 .. length - 2] predict ids[row][promptLength ..]. */
export function completionPositions(
  rows: readonly Int32Array[],
  promptLengths: readonly number[],
): CompletionPositions {
  const row: number[] = [];
  const position: number[] = [];
  const target: number[] = [];
  for (const [r, ids] of rows.entries()) {
    for (let p = promptLengths[r]! - 1; p < ids.length - 1; p++) {
      row.push(r);
      position.push(p);
      target.push(ids[p + 1]!);
    }
  }
  return { row: Int32Array.from(row), position: Int32Array.from(position), target: Int32Array.from(target) };
}

/** hidden [B, T, H] -> [N, H]. */
export function gatherPositions(hidden: Tensor3D, { row, position }: HiddenPositions): Tensor2D {
  const [batch, length, size] = hidden.shape;
  return tf.tidy(() => {
    const flat = row.map((r, i) => r * length + position[i]!);
    return tf.gather(tf.reshape(hidden, [batch * length, size]), tf.tensor1d(flat, 'int32')) as Tensor2D;
  });
}

/** The transpose of gatherPositions: adds rows [N, H] to zeros [B, T, H] at their positions. */
export function scatterPositions(
  rows: Tensor2D,
  positions: HiddenPositions,
  shape: [number, number, number],
): Tensor3D {
  const { row, position } = positions;
  return tf.tidy(() => {
    const indices = new Int32Array(row.length * 2);
    for (let i = 0; i < row.length; i++) indices.set([row[i]!, position[i]!], 2 * i);
    return tf.scatterND(tf.tensor2d(indices, [row.length, 2], 'int32'), rows, shape) as Tensor3D;
  });
}

/** Adds losses on the same hidden states, with their gradients by name; the parts are consumed. */
export function addHeadLosses(first: HeadLoss, ...rest: HeadLoss[]): HeadLoss {
  const gradients: NamedGradients = new Map(first.gradients);
  let { loss, dHidden } = first;
  let metrics = first.metrics;
  for (const part of rest) {
    loss += part.loss;
    metrics = { ...metrics, ...part.metrics };
    const sum: Tensor = tf.add(dHidden, part.dHidden);
    tf.dispose([dHidden, part.dHidden]);
    dHidden = sum as Tensor3D;
    for (const [name, gradient] of part.gradients) {
      const earlier = gradients.get(name);
      gradients.set(name, earlier ? tf.add(earlier, gradient) : gradient);
      if (earlier) tf.dispose([earlier, gradient]);
    }
  }
  return { loss, dHidden, gradients, metrics };
}
