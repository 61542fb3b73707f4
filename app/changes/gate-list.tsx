// The gates of a version in words: what was checked, what was found, and what was asked for.
import { Check, Minus, X } from 'lucide-react';
import { getFormatter, getTranslations } from 'next-intl/server';
import type { GateResult } from '@/core/artifact/manifest';
import { GATE_NAMES, type GateName, isShare } from '@/core/gates/names';
import { type GateState, hasFailed, stateOf } from '@/core/gates/state';

const ICONS = { passed: Check, failed: X, not_judged: Minus } as const;
const COLOURS = { passed: 'text-primary', failed: 'text-danger', not_judged: 'text-muted-foreground' } as const;
const LABELS = { passed: 'passed', failed: 'failed', not_judged: 'notJudged' } as const;

export async function GateList({ gates }: { gates: readonly GateResult[] }) {
  const t = await getTranslations('changes');
  const format = await getFormatter();
  // Rules are private to the server: how many there are and what they forbid is not told.
  const isNamed = ({ name }: GateResult) => GATE_NAMES.some((named) => named === name);
  const rules = gates.filter((gate) => !isNamed(gate));
  const areRulesKept = !rules.some(hasFailed);
  const figure = (name: string, value: number) =>
    isShare(name)
      ? format.number(value, { style: 'percent', maximumFractionDigits: 0 })
      : format.number(value, { maximumSignificantDigits: 2 });
  return (
    <details className="mt-3 text-sm">
      <summary className="w-fit rounded py-1 font-medium">
        {t('gates', { passed: gates.filter(({ passed }) => passed).length, total: gates.length })}
      </summary>
      <ul className="mt-2 space-y-2">
        {gates.filter(isNamed).map((gate) => {
          const { name, value, threshold, bound, lacks } = gate;
          return (
            <Gate key={name} state={stateOf(gate)} words={t(`gate.${name as GateName}`)}>
              {lacks
                ? t('tooLittle')
                : t(`bound.${bound}`, { value: figure(name, value), threshold: figure(name, threshold) })}
            </Gate>
          );
        })}
        {rules.length > 0 && (
          <Gate state={areRulesKept ? 'passed' : 'failed'} words={t('gate.rules')}>
            {t(areRulesKept ? 'rulesKept' : 'rulesBroken')}
          </Gate>
        )}
      </ul>
    </details>
  );
}

async function Gate({ state, words, children }: { state: GateState; words: string; children: string }) {
  const t = await getTranslations('changes');
  const Icon = ICONS[state];
  return (
    <li className="flex items-start gap-2">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${COLOURS[state]}`} />
      <span>
        <span className="sr-only">{t(LABELS[state])}: </span>
        {words} <span className="text-muted-foreground">{children}</span>
      </span>
    </li>
  );
}
