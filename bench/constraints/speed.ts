// How many turns of people the default rule judges in a second on one core.
import { judge } from '@/core/constraints/judge';
import { DEFAULT_RULES } from '@/core/constraints/rules';
import { turnsOfPeople } from './sets';

const TURNS = 20_000;
/** The fastest counts, because a busy machine only makes runs slower. */
const RUNS = 15;

export function measureSpeed() {
  const turns = turnsOfPeople().slice(0, TURNS);
  const speeds = Array.from({ length: RUNS }, () => {
    const start = process.cpuUsage();
    for (const turn of turns) judge(DEFAULT_RULES, turn);
    return turns.length / (process.cpuUsage(start).user / 1e6);
  });
  return { turnsPerSecond: Math.round(Math.max(...speeds)) };
}
