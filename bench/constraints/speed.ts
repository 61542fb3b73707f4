// How many turns of people a rule of each template that only reads judges in a second on one core; `profanity` is the default.
import { judge } from '@/core/constraints/judge';
import { type RuleSet, textRules } from '@/core/constraints/rules';
import { RULE_TEMPLATES } from '@/core/constraints/templates';
import { turnsOfPeople } from './sets';

const TURNS = 20_000;
/** The fastest counts, because a busy machine only makes runs slower. */
const RUNS = 15;

function turnsPerSecond(rules: RuleSet, turns: readonly string[]): number {
  const speeds = Array.from({ length: RUNS }, () => {
    const start = process.cpuUsage();
    for (const turn of turns) judge(rules, turn);
    return turns.length / (process.cpuUsage(start).user / 1e6);
  });
  return Math.round(Math.max(...speeds));
}

export function measureSpeed() {
  const turns = turnsOfPeople().slice(0, TURNS);
  const readers = textRules({ version: 1, rules: [...RULE_TEMPLATES] });
  const byTemplate = Object.fromEntries(
    readers.map(({ rule }) => [rule.id, turnsPerSecond({ version: 1, rules: [rule] }, turns)]),
  );
  return { turnsPerSecond: byTemplate.profanity, turnsPerSecondByTemplate: byTemplate };
}
