'use client';

// The gates of a run: what each measured, what it asks for, and what that means; failed ones first.
import { Check, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useMetricWords } from '@/app/admin/runs/metrics/use-metric-words';
import type { RunDetail } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';
import { Card } from '@/app/ui/card';
import { Cell, Table } from '@/app/ui/table';
import { tellApart } from '@/core/verdict';

const BOUNDS = { min: 'gateMin', max: 'gateMax', above: 'gateAbove' } as const;

export function GateTable({ gates }: { gates: RunDetail['gates'] }) {
  const t = useTranslations('admin');
  const page = useTranslations('runPage');
  const wordsOf = useMetricWords();
  if (gates.length === 0) return null;
  const passed = gates.filter((gate) => gate.passed).length;
  return (
    <Card title={`${t('gates')}: ${t('gatesPassed', { passed, total: gates.length })}`}>
      <Table caption={t('gates')} head={[t('status'), page('gate'), page('measured'), page('asked'), page('evidence')]}>
        {gates
          .toSorted((a, b) => Number(a.passed) - Number(b.passed))
          .map((gate) => {
            const [value, threshold] = tellApart(gate.value, gate.threshold);
            const { title, text } = wordsOf('parity', `gate/${gate.name}`);
            return (
              <tr key={gate.name}>
                <Cell>
                  <Badge tone={gate.passed ? 'good' : 'bad'}>
                    {gate.passed ? <Check aria-hidden className="size-3.5" /> : <X aria-hidden className="size-3.5" />}
                    {gate.passed ? t('pass') : t('fail')}
                  </Badge>
                </Cell>
                <Cell className="min-w-56">
                  <span className="font-medium">{title}</span>
                  <span className="block text-muted-foreground text-xs">{text}</span>
                </Cell>
                <Cell className="whitespace-nowrap tabular-nums">{value}</Cell>
                <Cell className="whitespace-nowrap tabular-nums">{t(BOUNDS[gate.bound], { threshold })}</Cell>
                <Cell className="min-w-40 text-muted-foreground text-xs">
                  {gate.note ? <span lang="en">{gate.note}</span> : '–'}
                </Cell>
              </tr>
            );
          })}
      </Table>
    </Card>
  );
}
