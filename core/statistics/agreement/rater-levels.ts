// Takes each rater's own level off their ratings, so that strict and mild raters can be compared.

interface Rated {
  rater: string;
  value: number;
}

/** Values of the crowd that a rater's mean starts from; as in the trainer's scales. */
const SHRINKAGE = 5;

/** [items][raters]: each value less how far the rater's mean lies above everyone's. */
export function withoutRaterLevels(items: readonly (readonly Rated[])[]): number[][] {
  const all = items.flat();
  const whole = all.reduce((sum, { value }) => sum + value, 0) / Math.max(1, all.length);
  const sums = new Map<string, { sum: number; n: number }>();
  for (const { rater, value } of all) {
    const { sum, n } = sums.get(rater) ?? { sum: SHRINKAGE * whole, n: SHRINKAGE };
    sums.set(rater, { sum: sum + value, n: n + 1 });
  }
  const levelOf = (rater: string) => sums.get(rater)!.sum / sums.get(rater)!.n - whole;
  return items.map((values) => values.map(({ rater, value }) => value - levelOf(rater)));
}
