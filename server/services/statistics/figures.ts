// Counts the figures that take long, each under its name.
import { writeKept } from '@/db/kept-figures';
import { readEvidence } from '@/server/services/rating/evidence';
import { countAgreement } from './agreement';
import { countGroups } from './groups';
import type { Counting, FigureName } from './kept/calculator';
import { keyOf } from './kept/kept';
import { countLeaderboard, LeaderboardControls } from './leaderboard';
import { countTrust } from './trust';
import { countVersionFigures } from './version-figures';

const FIGURES: Record<FigureName, (counting: Counting, input: unknown) => Promise<unknown>> = {
  trust: ({ db }) => countTrust(db),
  versions: ({ db }) => countVersionFigures(db),
  leaderboard: ({ db }, input) => countLeaderboard(db, LeaderboardControls.parse(input)),
  groups: (counting, input) => countGroups(counting, input as Parameters<typeof countGroups>[1]),
  agreement: ({ db }) => countAgreement(db),
  raters: ({ db }) => readEvidence(db),
};

export const keepFigure = async (counting: Counting, name: FigureName, input: unknown) =>
  writeKept(counting.db, keyOf(name, input), await FIGURES[name](counting, input));
