// The words for a gate in the reader's language: its name, what it measures, and what to do if it fails.
import { useTranslations } from 'next-intl';
import type { GateResult } from '@/core/artifact/manifest';
import { gainAdvice } from '@/core/gates/advice';
import { parseGateName } from '@/core/gates/names';

/** The key of a gate's words; a rule's gate is named by its rule. Null for a gate that this build does not know. */
function keyOf(name: string) {
  const known = parseGateName(name);
  if (!known) return null;
  return 'rule' in known
    ? { key: ({ constraint: 'rule', red_team: 'redTeam' } as const)[known.gate], rule: known.rule }
    : { key: known.gate, rule: '' };
}

/** A gate that this build does not know keeps the trainer's name for it. */
export function useGateName(): (name: string) => string {
  const t = useTranslations('gateNames');
  return (name) => {
    const known = keyOf(name);
    return known ? t(known.key, { name: known.rule }) : name;
  };
}

/** Null for a gate that this build does not know. */
export function useGateMeaning(): (name: string) => string | null {
  const t = useTranslations('gateMeaning');
  return (name) => {
    const known = keyOf(name);
    return known && t(known.key);
  };
}

export function useGateAdvice(): (gate: Pick<GateResult, 'name' | 'evidence'>) => string | null {
  const t = useTranslations('gateAdvice');
  return ({ name, evidence = {} }) => {
    const known = keyOf(name);
    if (!known) return null;
    const { key } = known;
    if (key !== 'heldout_reward_gain' && key !== 'heldout_demonstration_gain') return t(key);
    return t(gainAdvice(evidence), evidence);
  };
}
