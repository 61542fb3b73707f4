// Thins out the curves of a run to as many points as a chart can show, and keeps every peak and trough.
interface Point {
  stage: string;
  step: number;
  metrics: Record<string, number>;
}

/** Points of one curve; a chart is some hundreds of pixels wide. */
const MOST_POINTS = 300;

/** Each curve by itself, because some figures are measured at every step and others at every hundredth. */
export function thinOut<Given extends Point>(points: readonly Given[]): Given[] {
  const curves = new Map<string, Given[]>();
  for (const point of points) {
    for (const name of Object.keys(point.metrics)) {
      const key = `${point.stage}/${name}`;
      const curve = curves.get(key);
      if (curve) curve.push(point);
      else curves.set(key, [point]);
    }
  }
  if ([...curves.values()].every(({ length }) => length <= MOST_POINTS)) return [...points];
  const kept = new Map<Given, Record<string, number>>();
  for (const [key, curve] of curves) {
    const name = key.slice(key.indexOf('/') + 1);
    for (const point of peaksOf(curve, name)) {
      const metrics = kept.get(point) ?? {};
      metrics[name] = point.metrics[name]!;
      kept.set(point, metrics);
    }
  }
  return points.flatMap((point) => (kept.has(point) ? [{ ...point, metrics: kept.get(point)! }] : []));
}

/** The first and the last point, and the lowest and highest of each of equal parts in between. */
function peaksOf<Given extends Point>(unordered: readonly Given[], name: string): Iterable<Given> {
  if (unordered.length <= MOST_POINTS) return unordered;
  const curve = unordered.toSorted((a, b) => a.step - b.step);
  const kept = new Set([curve[0]!, curve.at(-1)!]);
  const parts = (MOST_POINTS - 2) / 2;
  for (let part = 0; part < parts; part++) {
    const within = curve.slice(
      Math.floor((part * curve.length) / parts),
      Math.floor(((part + 1) * curve.length) / parts),
    );
    let [low, high] = [within[0]!, within[0]!];
    for (const point of within) {
      if (point.metrics[name]! < low.metrics[name]!) low = point;
      if (point.metrics[name]! > high.metrics[name]!) high = point;
    }
    kept.add(low).add(high);
  }
  return kept;
}
