// The share of ordinary turns that the default rule hits falsely: the first of each dialogue set.
import { isFalseHit } from '@/test/unit/core/constraints/swearing';
import { DIALOGUES } from './sets';

const TURNS = 20_000;

export function measureFalseHits() {
  const sets = Object.entries(DIALOGUES).map(([set, read]) => [set, read().flat().slice(0, TURNS)] as const);
  const turns = sets.flatMap(([, some]) => some);
  const shareOf = (some: readonly string[]) => some.filter(isFalseHit).length / some.length;
  return {
    falseHitsPerTurn: shareOf(turns),
    falseHitsPerTurnBySet: Object.fromEntries(sets.map(([set, some]) => [set, shareOf(some)])),
    falseHitTurns: turns.length,
  };
}
