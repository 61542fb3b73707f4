// How many turns of people the default rule judges in a second on one core, and how many it hits.
import { judge } from '@/core/constraints/judge';
import { DEFAULT_RULES } from '@/core/constraints/rules';
import { rowsOf, turnsOfPeople } from './sets';

const TURNS = 20_000;
/** The fastest counts, because a busy machine only makes runs slower. */
const RUNS = 15;

export function measureSpeed() {
  const turns = turnsOfPeople().slice(0, TURNS);
  const coffee = rowsOf<{ turns: { text: string }[] }>('taskmaster4-dialogs')
    .flatMap((row) => row.turns.map(({ text }) => text))
    .slice(0, TURNS);
  const speeds = Array.from({ length: RUNS }, () => {
    const start = process.cpuUsage();
    for (const turn of turns) judge(DEFAULT_RULES, turn);
    return turns.length / (process.cpuUsage(start).user / 1e6);
  });
  const isHit = (turn: string) => judge(DEFAULT_RULES, turn).hits.length > 0;
  return {
    turnsPerSecond: Math.round(Math.max(...speeds)),
    /** Hits of any kind, true swearing among them; test/unit/core/constraints/false-hits.test.ts holds the false ones. */
    hitsPerTurn: {
      'self-dialogue': turns.filter(isHit).length / turns.length,
      taskmaster4: coffee.filter(isHit).length / coffee.length,
    },
  };
}
