// One gate: a figure against its threshold.
import type { GateResult } from '@/core/artifact/manifest';

/** The comparison that each bound makes. */
const IS_KEPT: Record<GateResult['bound'], (value: number, threshold: number) => boolean> = {
  max: (value, threshold) => value <= threshold,
  min: (value, threshold) => value >= threshold,
  above: (value, threshold) => value > threshold,
};

const gateOf =
  (bound: GateResult['bound']) =>
  (name: string, value: number, threshold: number, note: string): GateResult => ({
    ...{ name, value, threshold, bound, passed: IS_KEPT[bound](value, threshold), note },
  });

export const atMost = gateOf('max');
export const atLeast = gateOf('min');
export const above = gateOf('above');

export const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
