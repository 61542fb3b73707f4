// Measures how much longer work takes on twice the input: about 2 times if it is linear, about 4 if it is quadratic.

/** The smallest of three ratios of CPU time, because a busy machine only makes them larger; a first run warms up. */
export function growth(work: (size: number) => unknown, size: number): number {
  work(size);
  const ratios = Array.from({ length: 3 }, () => timeOf(() => work(2 * size)) / timeOf(() => work(size)));
  return Math.min(...ratios);
}

function timeOf(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  return process.cpuUsage(start).user;
}
