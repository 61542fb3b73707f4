'use client';

// The figures of a judge beside their limits, newest first, with those that keep it out.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { JudgeData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';
import { Cell, Table } from '@/app/ui/table';
import { JUDGE_FAULTS, JUDGE_LIMITS, type JudgeFault } from '@/core/judging/figures';

interface FiguresProps {
  judge: JudgeData;
  constitutionVersion: number | null;
}

export function Figures({ judge: { name, measurements }, constitutionVersion }: FiguresProps) {
  const t = useTranslations('judges');
  const { date, percent, decimal } = useFormats();
  const [last] = measurements;
  if (!last) return <p className="text-muted-foreground text-sm">{t('notMeasured')}</p>;
  const { figures, faults } = last;
  const { agreement } = figures;
  const range = { value: percent(agreement.value), low: percent(agreement.low), high: percent(agreement.high) };
  /** On no pairs there is nothing to divide. */
  const known = (value: string) => (figures.pairs > 0 ? value : '–');
  const rows: Record<JudgeFault, { value: string; limit: string }> = {
    pairs: { value: String(figures.pairs), limit: t('atLeast', { limit: JUDGE_LIMITS.leastPairs }) },
    positionBias: {
      value: known(percent(figures.positionBias)),
      limit: t('atMost', { limit: percent(JUDGE_LIMITS.mostPositionBias) }),
    },
    selfAgreement: {
      value: figures.selfAgreement === null ? '–' : percent(figures.selfAgreement),
      limit: t('atLeast', { limit: percent(JUDGE_LIMITS.leastSelfAgreement) }),
    },
    lengthBias: {
      value: known(decimal(figures.lengthBias)),
      limit: t('between', { low: decimal(-JUDGE_LIMITS.mostLengthBias), high: decimal(JUDGE_LIMITS.mostLengthBias) }),
    },
    agreement: {
      value: known(t('agreementRange', range)),
      limit: t('lowAbove', { limit: percent(JUDGE_LIMITS.leastAgreement) }),
    },
  };
  return (
    <div className="space-y-2">
      <p className="text-muted-foreground text-sm">
        {t('measuredAt', { date: date(last.createdAt), version: last.constitutionVersion })}
        {last.constitutionVersion !== constitutionVersion && ` ${t('outdated')}`}
      </p>
      <Table caption={t('figuresOf', { name })} head={[t('figure'), t('value'), t('limit'), t('verdict')]}>
        {JUDGE_FAULTS.map((figure) => (
          <tr key={figure}>
            <Cell className="min-w-44">
              <span className="font-medium">{t(`figures.${figure}`)}</span>
              <span className="block text-muted-foreground text-xs">{t(`figureHints.${figure}`)}</span>
            </Cell>
            <Cell className="whitespace-nowrap tabular-nums">{rows[figure].value}</Cell>
            <Cell className="whitespace-nowrap">{rows[figure].limit}</Cell>
            <Cell>
              <Verdict figure={figure} faults={faults} />
            </Cell>
          </tr>
        ))}
      </Table>
      <p className="text-muted-foreground text-xs">{t('onlyComparisons')}</p>
      {measurements.length > 1 && (
        <details className="text-sm">
          <summary className="cursor-pointer text-muted-foreground">{t('earlier')}</summary>
          <ul className="mt-2 space-y-1 text-muted-foreground">
            {measurements.slice(1).map((old, at) => (
              <li key={at}>
                {t('measuredAt', { date: date(old.createdAt), version: old.constitutionVersion })}{' '}
                {old.faults.length === 0
                  ? t('allInside')
                  : t('outsideWere', { figures: old.faults.map((fault) => t(`figures.${fault}`)).join(' · ') })}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** On too few pairs, no figure speaks for or against a judge. */
function Verdict({ figure, faults }: { figure: JudgeFault; faults: readonly JudgeFault[] }) {
  const t = useTranslations('judges');
  if (faults.includes('pairs'))
    return figure === 'pairs' ? <Badge tone="busy">{t('tooFew')}</Badge> : <Badge tone="plain">{t('undecided')}</Badge>;
  return faults.includes(figure) ? <Badge tone="bad">{t('outside')}</Badge> : <Badge tone="good">{t('inside')}</Badge>;
}
