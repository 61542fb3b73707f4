// Agreement beyond chance of raters who label with categories: Cohen's kappa of two, Fleiss' kappa of a fixed number.
import { AttuneError } from '@/core/errors';
import type { Rng } from '@/core/rng';
import { type BootstrapOptions, bootstrapInterval } from '@/core/statistics/bootstrap';
import type { Interval } from '@/core/statistics/statistics';

/** Both are null where agreement beyond chance has no meaning, because there are no items or all labels are the same. */
export interface Agreement {
  value: number | null;
  /** 95 %, by drawing items again. */
  interval: Interval | null;
}

/** Cohen (1960). One pair of labels for each item that both raters judged. */
export function cohenKappa(pairs: readonly (readonly [string, string])[]): number | null {
  const first = new Map<string, number>();
  const second = new Map<string, number>();
  let agreed = 0;
  for (const [a, b] of pairs) {
    first.set(a, (first.get(a) ?? 0) + 1);
    second.set(b, (second.get(b) ?? 0) + 1);
    if (a === b) agreed++;
  }
  const n = pairs.length;
  if (n === 0) return null;
  const byChance = [...first].reduce((sum, [label, times]) => sum + (times / n) * ((second.get(label) ?? 0) / n), 0);
  return beyondChance(agreed / n, byChance);
}

/** Fleiss (1971). For each item, the labels of its raters; their number is the same for all items. */
export function fleissKappa(items: readonly (readonly string[])[]): number | null {
  const raters = items[0]?.length ?? 0;
  const totals = new Map<string, number>();
  let agreement = 0;
  for (const labels of items) {
    if (labels.length !== raters || raters < 2) {
      throw new AttuneError(
        'BAD_INPUT',
        `Fleiss' kappa needs the same number of raters for each item, and two at least; here are ${raters} and ${labels.length}. Use Krippendorff's alpha.`,
      );
    }
    const counts = new Map<string, number>();
    for (const label of labels) {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      totals.set(label, (totals.get(label) ?? 0) + 1);
    }
    const agreeing = [...counts.values()].reduce((sum, times) => sum + times * (times - 1), 0);
    agreement += agreeing / (raters * (raters - 1)) / items.length;
  }
  const all = items.length * raters;
  if (all === 0) return null;
  const byChance = [...totals.values()].reduce((sum, times) => sum + (times / all) ** 2, 0);
  return beyondChance(agreement, byChance);
}

export const estimateCohenKappa = (
  pairs: readonly (readonly [string, string])[],
  rng: Rng,
  options?: BootstrapOptions,
): Agreement => ({ value: cohenKappa(pairs), interval: bootstrapInterval(pairs, cohenKappa, rng, options) });

export const estimateFleissKappa = (
  items: readonly (readonly string[])[],
  rng: Rng,
  options?: BootstrapOptions,
): Agreement => ({ value: fleissKappa(items), interval: bootstrapInterval(items, fleissKappa, rng, options) });

/** Null when chance alone agrees always. */
function beyondChance(observed: number, byChance: number): number | null {
  return byChance < 1 - 1e-12 ? (observed - byChance) / (1 - byChance) : null;
}
