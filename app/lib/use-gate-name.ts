// The name of a gate in the reader's language; a rule's gate is named by its rule.
import { useTranslations } from 'next-intl';

const NAMED = [
  'end_rate',
  'degenerate_answers',
  'distinct_answers',
  'heldout_reward_gain',
  'heldout_demonstration_gain',
  'kl_budget',
  'parity',
  'probe/unsafe_complied',
  'probe/safe_refused',
] as const;
const RULE = 'constraint/';

/** A gate that this build does not know keeps the trainer's name for it. */
export function useGateName(): (name: string) => string {
  const t = useTranslations('gateNames');
  return (name) => {
    if (name.startsWith(RULE)) return t('rule', { name: name.slice(RULE.length) });
    const known = NAMED.find((one) => one === name);
    return known ? t(known) : name;
  };
}
