// Merges measured points and arranges them into one curve per metric, stage by stage.

export interface Point {
  stage: string;
  step: number;
  metrics: Record<string, number>;
}

export interface Curve {
  name: string;
  points: { step: number; value: number }[];
}

/** The metrics that people look at first; the rest follows by name. */
const FIRST = [
  'objective/scores',
  'objective/kl',
  'objective/rlhf_reward',
  'eval_accuracy',
  'accuracy',
  'loss',
  'loss/policy_avg',
  'loss/value_avg',
  'trial/degenerate_answers',
];
const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

/** A resumed run measures some steps again; the later point of a stage and step wins. */
export function mergePoints(old: readonly Point[], added: readonly Point[]): Point[] {
  const byKey = new Map([...old, ...added].map((point) => [`${point.stage}/${point.step}`, point]));
  return [...byKey.values()];
}

/** Stages in the order in which they first appear; steps ascending. */
export function curvesByStage(points: readonly Point[]): { stage: string; curves: Curve[] }[] {
  const stages = new Map<string, Map<string, Curve>>();
  for (const { stage, step, metrics } of [...points].sort((a, b) => a.step - b.step)) {
    const curves = stages.get(stage) ?? new Map<string, Curve>();
    stages.set(stage, curves);
    for (const [name, value] of Object.entries(metrics)) {
      const curve = curves.get(name) ?? { name, points: [] };
      curves.set(name, curve);
      curve.points.push({ step, value });
    }
  }
  const order = [...new Set(points.map((point) => point.stage))];
  return order.map((stage) => ({
    stage,
    curves: [...stages.get(stage)!.values()].sort(
      (a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name),
    ),
  }));
}
