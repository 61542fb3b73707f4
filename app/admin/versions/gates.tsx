'use client';

// What the gates measured, each with its threshold, its meaning and, where it failed, what to do.
import { clsx } from 'clsx';
import { Check, Minus, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { VersionData } from '@/app/admin/types';
import { useGateAdvice, useGateMeaning, useGateName } from '@/app/lib/use-gate-name';
import type { GateResult } from '@/core/artifact/manifest';
import { hasFailed, stateOf } from '@/core/gates/state';

const GATE_BOUNDS = { min: 'gateMin', max: 'gateMax', above: 'gateAbove' } as const;
const STATES = {
  passed: { label: 'pass', colour: 'text-primary-strong', Icon: Check },
  failed: { label: 'fail', colour: 'text-danger', Icon: X },
  not_judged: { label: 'notJudged', colour: 'text-muted-foreground', Icon: Minus },
} as const;

export function Gates({ gates }: { gates: VersionData['gates'] }) {
  const t = useTranslations('admin');
  if (gates.length === 0) return <span className="text-muted-foreground">{t('noGates')}</span>;
  const passed = gates.filter((gate) => gate.passed).length;
  return (
    <details className="min-w-40">
      <summary className="rounded text-primary-strong">{t('gatesPassed', { passed, total: gates.length })}</summary>
      <div className="mt-2">
        <GateList gates={gates} />
      </div>
    </details>
  );
}

export function GateList({ gates }: { gates: VersionData['gates'] }) {
  return (
    <ul className="space-y-2 text-xs">
      {gates.map((gate) => (
        <Gate key={gate.name} gate={gate} />
      ))}
    </ul>
  );
}

function Gate({ gate }: { gate: GateResult }) {
  const t = useTranslations('admin');
  const gateName = useGateName();
  const meaningOf = useGateMeaning();
  const adviceOn = useGateAdvice();
  const { metric } = useFormats();
  const { label, colour, Icon } = STATES[stateOf(gate)];
  return (
    <li>
      <span className={clsx('inline-flex items-center gap-1', colour)}>
        <Icon aria-hidden className="size-3" />
        {t(label)}
      </span>{' '}
      <span title={gate.name}>{gateName(gate.name)}</span>:{' '}
      {gate.lacks
        ? t('lacks', gate.lacks)
        : `${metric(gate.value)} (${t(GATE_BOUNDS[gate.bound], { threshold: metric(gate.threshold) })})`}
      <span className="block text-muted-foreground">{meaningOf(gate.name)}</span>
      {gate.note && (
        <span className="block text-muted-foreground" lang="en">
          {gate.note}
        </span>
      )}
      {hasFailed(gate) && <span className="block">{adviceOn(gate)}</span>}
    </li>
  );
}
