'use client';

// The gates of a run: what each measured, what it asks for, what that means, and what to do where it failed; failed ones first.
import { Check, Minus, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { RunDetail } from '@/app/admin/types';
import { useGateAdvice, useGateMeaning, useGateName } from '@/app/lib/use-gate-name';
import { Badge } from '@/app/ui/badge';
import { Card } from '@/app/ui/card';
import { Cell, Table } from '@/app/ui/table';
import { hasFailed, stateOf } from '@/core/gates/state';
import { tellApart } from '@/core/verdict';

const BOUNDS = { min: 'gateMin', max: 'gateMax', above: 'gateAbove' } as const;
const STATES = {
  failed: { label: 'fail', tone: 'bad', Icon: X },
  not_judged: { label: 'notJudged', tone: 'plain', Icon: Minus },
  passed: { label: 'pass', tone: 'good', Icon: Check },
} as const;
const ORDER = Object.keys(STATES);

export function GateTable({ gates }: { gates: RunDetail['gates'] }) {
  const t = useTranslations('admin');
  const page = useTranslations('runPage');
  if (gates.length === 0) return null;
  const passed = gates.filter((gate) => gate.passed).length;
  return (
    <Card title={`${t('gates')}: ${t('gatesPassed', { passed, total: gates.length })}`}>
      <Table caption={t('gates')} head={[t('status'), page('gate'), page('measured'), page('asked'), page('evidence')]}>
        {gates
          .toSorted((a, b) => ORDER.indexOf(stateOf(a)) - ORDER.indexOf(stateOf(b)))
          .map((gate) => (
            <Gate key={gate.name} gate={gate} />
          ))}
      </Table>
    </Card>
  );
}

function Gate({ gate }: { gate: RunDetail['gates'][number] }) {
  const t = useTranslations('admin');
  const gateName = useGateName();
  const meaningOf = useGateMeaning();
  const adviceOn = useGateAdvice();
  const { metric } = useFormats();
  const [value, threshold] = tellApart(gate.value, gate.threshold);
  const { label, tone, Icon } = STATES[stateOf(gate)];
  const evidence = Object.entries(gate.evidence ?? {}).map(([name, figure]) => `${name}: ${metric(figure)}`);
  return (
    <tr>
      <Cell>
        <Badge tone={tone}>
          <Icon aria-hidden className="size-3.5" />
          {t(label)}
        </Badge>
      </Cell>
      <Cell className="min-w-64">
        <span className="font-medium">{gateName(gate.name)}</span>
        <span className="block text-muted-foreground text-xs">{meaningOf(gate.name)}</span>
        {hasFailed(gate) && <span className="mt-1 block text-sm">{adviceOn(gate)}</span>}
      </Cell>
      <Cell className="min-w-24 tabular-nums">{gate.lacks ? t('lacks', gate.lacks) : value}</Cell>
      <Cell className="whitespace-nowrap tabular-nums">{t(BOUNDS[gate.bound], { threshold })}</Cell>
      <Cell className="min-w-40 text-muted-foreground text-xs" lang="en">
        {[...evidence, gate.note].filter(Boolean).join('; ') || '–'}
      </Cell>
    </tr>
  );
}
