// What each token is worth, from scores, divergences and values: rewards, advantages, returns, whitening.

/** One ragged row per completion: its tokens, with the end token. A mask says which of them count (default all). */
export type Rows = readonly ArrayLike<number>[];

/** r_t = -beta * kl_t, with the score on the last counted token, never on padding after it. */
export function tokenRewards(kl: Rows, scores: ArrayLike<number>, klCoefficient: number, mask?: Rows): Float32Array[] {
  return kl.map((row, i) => {
    const rewards = Float32Array.from(row, (value, t) => (counts(mask, i, t) ? -klCoefficient * value : 0));
    let last = row.length - 1;
    while (last >= 0 && !counts(mask, i, last)) last--;
    if (last >= 0) rewards[last]! += scores[i]!;
    return rewards;
  });
}

/**
 * Generalised advantage estimation (Schulman et al. 2015), backwards over one row:
 * delta_t = r_t + gamma V_{t+1} - V_t, A_t = delta_t + gamma lambda A_{t+1}, R_t = A_t + V_t, V after the end = 0.
 * A token that does not count (another's turn) passes value and advantage on unchanged and gets zeros itself.
 */
export function estimateAdvantages(
  rewards: Rows,
  values: Rows,
  { gamma, lambda }: { gamma: number; lambda: number },
  mask?: Rows,
): { advantages: Float32Array[]; returns: Float32Array[] } {
  const advantages = rewards.map((row) => new Float32Array(row.length));
  const returns = rewards.map((row) => new Float32Array(row.length));
  rewards.forEach((row, i) => {
    let nextValue = 0;
    let advantage = 0;
    for (let t = row.length - 1; t >= 0; t--) {
      if (!counts(mask, i, t)) continue;
      const value = values[i]![t]!;
      advantage = row[t]! + gamma * nextValue - value + gamma * lambda * advantage;
      nextValue = value;
      advantages[i]![t] = advantage;
      returns[i]![t] = advantage + value;
    }
  });
  return { advantages, returns };
}

export interface WhitenOptions {
  /** false adds the mean back, as for rewards. */
  shiftMean?: boolean;
  /** Bessel's correction, as in TRL and verl; lm-human-preferences, OpenRLHF and the default here are biased. */
  unbiased?: boolean;
}

/** (x - mean) / sqrt(variance + 1e-8) over the counted tokens of the whole batch; others become 0. */
export function whiten(rows: Rows, options: WhitenOptions = {}, mask?: Rows): Float32Array[] {
  const { shiftMean = true, unbiased = false } = options;
  const { mean, variance } = moments(rows, unbiased, mask);
  const scale = 1 / Math.sqrt(variance + 1e-8);
  return rows.map((row, i) =>
    Float32Array.from(row, (x, t) => (counts(mask, i, t) ? (x - mean) * scale + (shiftMean ? 0 : mean) : 0)),
  );
}

/** REINFORCE leave-one-out (Ahmadian et al. 2024), r - mean of the others; the k scores of a prompt are neighbours. */
export function leaveOneOutAdvantages(scores: ArrayLike<number>, perPrompt: number): Float32Array {
  return mapGroups(scores, perPrompt, (group) => {
    const total = group.reduce((a, b) => a + b, 0);
    return group.map((score) => score - (total - score) / (perPrompt - 1));
  });
}

/** GRPO (Shao et al. 2024): (r - mean) / (unbiased deviation + 1e-4) over a prompt's completions (TRL). */
export function groupNormalisedAdvantages(scores: ArrayLike<number>, perPrompt: number): Float32Array {
  return mapGroups(scores, perPrompt, (group) => {
    const { mean, variance } = moments([group], true);
    return group.map((score) => (score - mean) / (Math.sqrt(variance) + 1e-4));
  });
}

function mapGroups(scores: ArrayLike<number>, perPrompt: number, map: (group: number[]) => number[]): Float32Array {
  const all = Array.from(scores);
  const groups = Array.from({ length: all.length / perPrompt }, (_, g) =>
    all.slice(g * perPrompt, (g + 1) * perPrompt),
  );
  return Float32Array.from(groups.flatMap(map));
}

/** Mean, variance and count of every counted token. */
export function moments(rows: Rows, unbiased = false, mask?: Rows): { mean: number; variance: number; count: number } {
  let count = 0;
  let sum = 0;
  each(rows, mask, (x) => {
    count++;
    sum += x;
  });
  const mean = count ? sum / count : 0;
  let squares = 0;
  each(rows, mask, (x) => {
    squares += (x - mean) ** 2;
  });
  const divisor = unbiased ? count - 1 : count;
  return { mean, variance: divisor > 0 ? squares / divisor : 0, count };
}

function each(rows: Rows, mask: Rows | undefined, visit: (x: number) => void): void {
  rows.forEach((row, i) => {
    for (let t = 0; t < row.length; t++) if (counts(mask, i, t)) visit(row[t]!);
  });
}

const counts = (mask: Rows | undefined, row: number, token: number) => !mask || mask[row]![token]! > 0;

export interface ScoreShape {
  /** Scores are cut to [-clip, clip] first. */
  scoreClip: number;
  /** Deducted from a completion without an end token. */
  eosPenalty: number;
  /** A completion with fewer words is degenerate. */
  minWords: number;
  /** Highest score of a degenerate completion. */
  degenerateScore: number;
}

/** The score that the algorithm sees: clipped, capped for degenerate completions, less the penalty for not ending. */
export function shapeScore(score: number, completion: { words: number; ended: boolean }, shape: ScoreShape): number {
  const clipped = Math.min(Math.max(score, -shape.scoreClip), shape.scoreClip);
  const floored = completion.words < shape.minWords ? Math.min(clipped, shape.degenerateScore) : clipped;
  return completion.ended ? floored : floored - shape.eosPenalty;
}
