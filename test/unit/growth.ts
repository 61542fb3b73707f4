// Measures how much longer work takes on twice the input: about 2 times if it is linear, about 4 if it is quadratic.

/** CPU time in µs that is long beside the steps of the clock, which are up to 10 ms on some machines. */
const MEASURABLE_US = 60_000;

/** The smallest of three ratios of CPU time, because a busy machine only makes them larger; first runs warm up. */
export function growth(work: (size: number) => unknown, size: number): number {
  let measured = size;
  while (timeOf(() => work(measured)) < MEASURABLE_US) measured *= 2;
  const ratios = Array.from({ length: 3 }, () => timeOf(() => work(2 * measured)) / timeOf(() => work(measured)));
  return Math.min(...ratios.filter(Number.isFinite));
}

function timeOf(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  return process.cpuUsage(start).user;
}
