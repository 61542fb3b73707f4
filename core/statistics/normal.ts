// The standard normal distribution: the probability below a value, and the value below which a probability lies.

/** To double precision within seven deviations, and to 1e-8 of the value beyond (Hart 1968, algorithm 5666, as in West 2005). */
export function belowNormal(z: number): number {
  const x = Math.abs(z);
  const density = Math.exp((-x * x) / 2);
  const tail = x < 7.07106781186547 ? (density * polynomial(NUMERATOR, x)) / polynomial(DENOMINATOR, x) : farTail(x);
  return z > 0 ? 1 - tail : tail;
}

const NUMERATOR = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931,
  220.206867912376,
];
const DENOMINATOR = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
  793.826512519948, 440.413735824752,
];

const polynomial = (coefficients: readonly number[], x: number) =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

const farTail = (x: number) =>
  Math.exp((-x * x) / 2) / (x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))))) / Math.sqrt(2 * Math.PI);

export function normalQuantile(probability: number): number {
  let [low, high] = [-38, 38];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (belowNormal(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
