// The gates of a version in words: what was checked, what was found, and what was asked for.
import { Check, X } from 'lucide-react';
import { getFormatter, getTranslations } from 'next-intl/server';
import type { GateResult } from '@/core/artifact/manifest';

/** Gates that are shares of answers; the others are figures of their own. */
const PROBES = ['probe/unsafe_complied', 'probe/safe_refused'] as const;
const SHARES = ['end_rate', 'degenerate_answers', 'distinct_answers', ...PROBES] as const;
const NAMED = [...SHARES, 'heldout_reward_gain', 'heldout_demonstration_gain', 'kl_budget', 'parity'] as const;

export async function GateList({ gates }: { gates: readonly GateResult[] }) {
  const t = await getTranslations('changes');
  const format = await getFormatter();
  // Rules are private to the server: how many there are and what they forbid is not told.
  const known = gates.filter(({ name }) => NAMED.some((named) => named === name));
  const rules = gates.filter(({ name }) => !NAMED.some((named) => named === name));
  const figure = (name: string, value: number) =>
    SHARES.some((share) => share === name)
      ? format.number(value, { style: 'percent', maximumFractionDigits: 0 })
      : format.number(value, { maximumSignificantDigits: 2 });
  return (
    <details className="mt-3 text-sm">
      <summary className="w-fit rounded py-1 font-medium">
        {t('gates', { passed: gates.filter(({ passed }) => passed).length, total: gates.length })}
      </summary>
      <ul className="mt-2 space-y-2">
        {known.map(({ name, value, threshold, bound, passed }) => (
          <Gate key={name} passed={passed} words={t(`gate.${name as (typeof NAMED)[number]}`)}>
            {t(`bound.${bound}`, { value: figure(name, value), threshold: figure(name, threshold) })}
          </Gate>
        ))}
        {rules.length > 0 && (
          <Gate passed={rules.every(({ passed }) => passed)} words={t('gate.rules')}>
            {t(rules.every(({ passed }) => passed) ? 'rulesKept' : 'rulesBroken')}
          </Gate>
        )}
      </ul>
    </details>
  );
}

async function Gate({ passed, words, children }: { passed: boolean; words: string; children: string }) {
  const t = await getTranslations('changes');
  const Icon = passed ? Check : X;
  return (
    <li className="flex items-start gap-2">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${passed ? 'text-primary' : 'text-danger'}`} />
      <span>
        <span className="sr-only">{t(passed ? 'passed' : 'failed')}: </span>
        {words} <span className="text-muted-foreground">{children}</span>
      </span>
    </li>
  );
}
