// Merges measured points and arranges them into one curve per figure, stage by stage, what matters most first.
import { RUN_STAGES } from '@/core/contract';
import { FAMILIES, KNOWN_METRICS, type KnownMetric, MAIN_METRICS, SAME_FIGURE } from './catalogue';

export interface Point {
  stage: string;
  step: number;
  metrics: Record<string, number>;
}

export interface Curve {
  name: string;
  /** Other names under which the trainer reports the same figure. */
  alsoNamed: string[];
  points: { step: number; value: number }[];
}

export interface StageCurves {
  stage: string;
  /** What people look at first. */
  main: Curve[];
  others: Curve[];
}

/** A resumed run measures some steps again; the later figure of a stage and step wins. */
export function mergePoints(old: readonly Point[], added: readonly Point[]): Point[] {
  const byKey = new Map<string, Point>();
  for (const point of [...old, ...added]) {
    const key = `${point.stage}/${point.step}`;
    byKey.set(key, { ...point, metrics: { ...byKey.get(key)?.metrics, ...point.metrics } });
  }
  return [...byKey.values()];
}

/** Stages in the order of a run; steps ascending. */
export function curvesByStage(points: readonly Point[]): StageCurves[] {
  const stages = new Map<string, Map<string, Curve>>();
  for (const { stage, step, metrics } of [...points].sort((a, b) => a.step - b.step)) {
    const curves = stages.get(stage) ?? new Map<string, Curve>();
    stages.set(stage, curves);
    for (const [name, value] of Object.entries(metrics)) {
      const curve = curves.get(name) ?? { name, alsoNamed: [], points: [] };
      curves.set(name, curve);
      curve.points.push({ step, value });
    }
  }
  const place = (stage: string) => {
    const at = (RUN_STAGES as readonly string[]).indexOf(stage);
    return at < 0 ? RUN_STAGES.length : at;
  };
  return [...stages]
    .sort(([a], [b]) => place(a) - place(b))
    .map(([stage, found]) => {
      const curves = withoutTwins(found).sort(
        (a, b) => rank(stage, a.name) - rank(stage, b.name) || a.name.localeCompare(b.name),
      );
      const main = curves.filter(({ name }) => MAIN_METRICS.some((one) => one === `${stage}.${name}`));
      // A stage without figures of the first kind, such as the gates, shows all that it has.
      if (main.length === 0) return { stage, main: curves, others: [] };
      return { stage, main, others: curves.filter((curve) => !main.includes(curve)) };
    });
}

/** One curve for a figure that the trainer reports under several names. */
function withoutTwins(curves: ReadonlyMap<string, Curve>): Curve[] {
  return [...curves.values()].flatMap((curve) => {
    const twin = curves.get(twinOf(curve.name));
    if (!twin || twin === curve || twin.points.length !== curve.points.length) return [curve];
    twin.alsoNamed.push(curve.name);
    return [];
  });
}

/** The name under which a figure is shown: the trainer also reports a rule's mean cost as its cost and as its rate. */
function twinOf(name: string): string {
  const rule = /^constraint\/(.+)\/(?:cost|rate)$/.exec(name);
  return rule ? `costs/${rule[1]}` : (SAME_FIGURE[name] ?? name);
}

/** Figures that are known come in the order of the catalogue, then families in theirs, then the rest. */
function rank(stage: string, name: string): number {
  const known = KNOWN_METRICS.indexOf(`${stage}.${name}` as KnownMetric);
  if (known >= 0) return known;
  const family = FAMILIES.findIndex(({ pattern }) => pattern.test(name));
  return KNOWN_METRICS.length + (family < 0 ? FAMILIES.length : family);
}
