// L-BFGS on functions whose minimum is known: a quadratic, Rosenbrock's valley, and cases that end at once.
import { expect, test } from 'vitest';
import { minimise } from '@/trainer/math/lbfgs';

test('a quadratic of unequal curvatures is solved to its tolerance', () => {
  const curvatures = Float64Array.from({ length: 40 }, (_, i) => 10 ** (i / 13)); // 1 to 1000
  const target = curvatures.map((_, i) => Math.sin(i));
  const evaluate = (x: Float64Array) => ({
    value: x.reduce((sum, value, i) => sum + (curvatures[i]! / 2) * (value - target[i]!) ** 2, 0),
    gradient: x.map((value, i) => curvatures[i]! * (value - target[i]!)),
  });
  const { x, value, steps } = minimise(evaluate, new Float64Array(40), { tolerance: 1e-8, maxSteps: 400 });
  x.forEach((found, i) => {
    expect(found).toBeCloseTo(target[i]!, 7);
  });
  expect(value).toBeLessThan(1e-12);
  expect(steps).toBeLessThan(300); // plain descent needs thousands
});

test("Rosenbrock's valley is followed to (1, 1)", () => {
  const evaluate = ([x, y]: Float64Array) => ({
    value: (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
    gradient: Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)),
  });
  const { x } = minimise(evaluate, Float64Array.of(-1.2, 1), { tolerance: 1e-8 });
  expect(x[0]).toBeCloseTo(1, 6);
  expect(x[1]).toBeCloseTo(1, 6);
});

test('it never returns a worse point than the start, and ends when the gradient is wrong', () => {
  const evaluate = (x: Float64Array) => ({ value: x[0]! ** 2, gradient: Float64Array.of(-2 * x[0]!) }); // uphill
  const { x, value, steps } = minimise(evaluate, Float64Array.of(3));
  expect([x[0], value, steps]).toEqual([3, 9, 0]);
  const atMinimum = minimise(() => ({ value: 1, gradient: new Float64Array(2) }), Float64Array.of(4, 5));
  expect([...atMinimum.x, atMinimum.steps]).toEqual([4, 5, 0]);
});
