// The gate on groups: no language, topic or taste gets answers of a lower reward than from the parent.
import type { GateResult } from '@/core/artifact/manifest';
import { atLeast, notJudged } from '../gate';
import { LUCK, luckOf, meanOf, pairedError } from '../paired';
import { choose, type RewardFigures } from './figures';

/** Points of score. */
const MARGIN = 0.1;
const COARSEST = 1;
/** Answers of a group that is judged. */
const LEAST_ANSWERS = 10;
/** Without two groups none is worse off than the others; the gain says the rest. */
const LEAST_GROUPS = 2;

export function judgeWorstGroup({ scores, groups }: RewardFigures): GateResult {
  const names = [...new Set(groups.flatMap((group) => Object.entries(group).map(([key, value]) => `${key}=${value}`)))];
  const judged = names
    .map((name) => ({ name, pairs: choose(scores, (at) => isIn(groups[at]!, name)) }))
    .filter(({ pairs }) => pairs.candidate.length >= LEAST_ANSWERS);
  // The more groups, the larger the worst one's bad luck: the normal quantile of 1 / k of the chance.
  const luck = Math.sqrt(LUCK ** 2 + 2 * Math.log(Math.max(1, judged.length)));
  const [worst] = judged
    .map(({ name, pairs }) => {
      const gain = meanOf(pairs.candidate) - meanOf(pairs.parent);
      const allowed = Math.max(MARGIN, luckOf(pairs.candidate.length, luck) * pairedError(pairs));
      return { name, gain, allowed, count: pairs.candidate.length };
    })
    .sort((a, b) => a.gain + a.allowed - (b.gain + b.allowed));
  if (!worst || judged.length < LEAST_GROUPS) {
    const gate = atLeast(
      'worst_group',
      worst?.gain ?? 0,
      -(worst?.allowed ?? MARGIN),
      'Groups among held-out prompts.',
    );
    return notJudged(gate, { unit: 'groups', has: judged.length, needs: LEAST_GROUPS });
  }
  const note = `Mean gain in reward of ${worst.name}, the worst of ${judged.length} groups, over ${worst.count} answers.`;
  const evidence = { groups: judged.length, count: worst.count };
  const gate = atLeast('worst_group', worst.gain, -worst.allowed, note, evidence);
  if (!gate.passed || worst.allowed <= COARSEST) return gate;
  const needs = Math.ceil(worst.count * (worst.allowed / COARSEST) ** 2);
  return notJudged(gate, { unit: 'answers', has: worst.count, needs });
}

function isIn(group: Readonly<Record<string, string>>, name: string): boolean {
  const [key = '', value] = [name.slice(0, name.indexOf('=')), name.slice(name.indexOf('=') + 1)];
  return Object.hasOwn(group, key) && group[key] === value;
}
