// Sums up the cells of hostile raters: accuracy by archetype, share and method, and what each costs in points.
import { mean } from 'simple-statistics';
import { ARCHETYPES, type Archetype } from './crowd';
import { type CellResult, METHODS, type Method } from './hostile';

export interface HostileRow extends Record<Method, number> {
  archetype: Archetype | 'nobody';
  share: number;
  /** Folds and seeds. */
  cells: number;
  /** Points of held-out accuracy that trust on loses to the same crowd without trolls and without trust. */
  lossOn: number;
  lossOff: number;
  /** Standard error of lossOn over folds and seeds, which are paired. */
  error: number;
  weightHonest: number;
  weightOthers: number;
}

export function summariseHostile(cells: readonly CellResult[]) {
  const clean = new Map(
    cells.filter(({ share }) => share === 0).map((cell) => [`${cell.fold}/${cell.seed}`, cell.accuracy.off]),
  );
  const rows = [...new Set(cells.map(({ share }) => share))].sort().flatMap((share) =>
    (share === 0 ? ARCHETYPES.slice(0, 1) : ARCHETYPES).flatMap((archetype): HostileRow[] => {
      const own = cells.filter(
        (cell) => cell.share === share && cell.archetype === archetype && clean.has(`${cell.fold}/${cell.seed}`),
      );
      if (own.length === 0) return [];
      const lossOf = (method: Method) =>
        own.map((cell) => 100 * (clean.get(`${cell.fold}/${cell.seed}`)! - cell.accuracy[method]));
      const accuracy = Object.fromEntries(
        METHODS.map((method) => [method, round(100 * mean(own.map((cell) => cell.accuracy[method])))]),
      ) as Record<Method, number>;
      const losses = lossOf('on');
      const lossOn = mean(losses);
      const spread = losses.reduce((sum, loss) => sum + (loss - lossOn) ** 2, 0) / Math.max(1, losses.length - 1);
      return [
        {
          archetype: share === 0 ? 'nobody' : archetype,
          share,
          cells: own.length,
          ...accuracy,
          lossOn: round(lossOn),
          lossOff: round(mean(lossOf('off'))),
          error: round(Math.sqrt(spread / losses.length)),
          weightHonest: round(mean(own.map(({ weights }) => weights.honest))),
          weightOthers: round(mean(own.map(({ weights }) => weights.others))),
        },
      ];
    }),
  );
  const worst = (share: number) => {
    const own = rows.filter((row) => row.share === share);
    return own.length ? Math.max(...own.map(({ lossOn }) => lossOn)) : null;
  };
  return { lossAt0: worst(0), lossAt20: worst(0.2), lossAt30: worst(0.3), table: rows };
}

const round = (value: number) => Math.round(100 * value) / 100;
