// How much longer a piece of work takes on twice the input: about 2 where it is linear, about 4 where it is quadratic.

/** The least of three ratios of processor time, as a busy machine only ever makes one larger; the first run warms the code up. */
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
