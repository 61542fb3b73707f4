'use client';

// What the gates measured, each with its threshold.
import { clsx } from 'clsx';
import { Check, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { VersionData } from '@/app/admin/types';
import { useGateName } from '@/app/lib/use-gate-name';

const GATE_BOUNDS = { min: 'gateMin', max: 'gateMax', above: 'gateAbove' } as const;

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
  const t = useTranslations('admin');
  const gateName = useGateName();
  const { metric } = useFormats();
  return (
    <ul className="space-y-1.5 text-xs">
      {gates.map((gate) => (
        <li key={gate.name}>
          <span className={clsx('inline-flex items-center gap-1', gate.passed ? 'text-primary-strong' : 'text-danger')}>
            {gate.passed ? <Check aria-hidden className="size-3" /> : <X aria-hidden className="size-3" />}
            {gate.passed ? t('pass') : t('fail')}
          </span>{' '}
          <span title={gate.name}>{gateName(gate.name)}</span>: {metric(gate.value)} (
          {t(GATE_BOUNDS[gate.bound], { threshold: metric(gate.threshold) })})
          {gate.note && <span className="block text-muted-foreground">{gate.note}</span>}
        </li>
      ))}
    </ul>
  );
}
