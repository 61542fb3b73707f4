// The share of ordinary turns that the default rule hits falsely: the first of each dialogue set.
import { isFalseHit } from '@/test/unit/core/constraints/swearing';
import { rowsOf, turnsOfPeople } from './sets';

const TURNS = 20_000;

export function measureFalseHits() {
  const orders = rowsOf<{ turns: { text: string }[] }>('taskmaster4-dialogs');
  const sets = {
    'self-dialogue': turnsOfPeople().slice(0, TURNS),
    taskmaster4: orders.flatMap((row) => row.turns.map(({ text }) => text)).slice(0, TURNS),
  };
  const turns = Object.values(sets).flat();
  const shareOf = (some: readonly string[]) => some.filter(isFalseHit).length / some.length;
  return {
    falseHitsPerTurn: shareOf(turns),
    falseHitsPerTurnBySet: Object.fromEntries(Object.entries(sets).map(([set, some]) => [set, shareOf(some)])),
    falseHitTurns: turns.length,
  };
}
