// One gate: a figure against its threshold, and the sentence that says how they compare.
import type { GateResult } from '@/core/artifact/manifest';

/** The comparison that each bound makes, and its words. */
const BOUNDS: Record<GateResult['bound'], { isKept(value: number, threshold: number): boolean; words: string }> = {
  max: { isKept: (value, threshold) => value <= threshold, words: 'at most' },
  min: { isKept: (value, threshold) => value >= threshold, words: 'at least' },
  above: { isKept: (value, threshold) => value > threshold, words: 'only above' },
};

const gateOf =
  (bound: GateResult['bound']) =>
  (name: string, value: number, threshold: number, note: string): GateResult => ({
    ...{ name, value, threshold, bound, passed: BOUNDS[bound].isKept(value, threshold), note },
  });

export const atMost = gateOf('max');
export const atLeast = gateOf('min');
export const above = gateOf('above');

export function reasonOf({ name, value, threshold, bound }: GateResult): string {
  const [shown, limit] = tellApart(value, threshold);
  return `${name} is ${shown}, allowed ${BOUNDS[bound].words} ${limit}`;
}

/** Three digits, or as many as it takes for two unequal numbers to look unequal. */
function tellApart(value: number, threshold: number): [string, string] {
  for (let digits = 3; ; digits++) {
    const shown = [value.toPrecision(digits), threshold.toPrecision(digits)] as [string, string];
    if (shown[0] !== shown[1] || value === threshold || digits === 17) return shown;
  }
}

export const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
