// Measures how much longer work takes on twice the input: about 2 times if it is linear, about 4 if it is quadratic.

/** CPU time in µs that is long beside the steps of the clock, which are up to 10 ms on some machines. */
const MEASURABLE_US = 20_000;
/** A growth that leaves no doubt needs no second measure. */
const CLEAR = 2.5;

/**
 * The growth per doubling, measured over two of them: linear and quadratic work are then 4 times apart, not 2.
 * The smallest of up to three is taken, because a busy machine only makes them larger; first runs warm up.
 * 0 if work of the size `most` takes no time that could be measured.
 */
export function growth(work: (size: number) => unknown, size: number, most = Number.POSITIVE_INFINITY): number {
  let measured = size;
  while (timeOf(() => work(measured)) < MEASURABLE_US) {
    if (measured >= most) return 0;
    measured *= 2;
  }
  let smallest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && !(smallest < CLEAR); attempt++) {
    const once = timeOf(() => work(measured));
    if (once > 0) smallest = Math.min(smallest, Math.sqrt(timeOf(() => work(4 * measured)) / once));
  }
  return smallest;
}

function timeOf(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  return process.cpuUsage(start).user;
}
