// The verdict on a run in the reader's language; one that was stored as a sentence is shown as it is.
import { useFormatter, useTranslations } from 'next-intl';
import { useGateAdvice, useGateName } from '@/app/lib/use-gate-name';
import { advices, type Finding, type Statement, tellApart } from '@/core/verdict';

interface VerdictTextProps {
  verdict: { verdict: string | null; statements: Statement[] | null };
}

export function VerdictText({ verdict: { verdict, statements } }: VerdictTextProps) {
  const sentenceOf = useStatement();
  if (!statements) return <span lang="en">{verdict}</span>;
  return statements.map((statement, at) => (
    <span key={`${at} ${statement.code}`} lang={statement.code === 'sentence' ? 'en' : undefined}>
      {sentenceOf(statement)}{' '}
    </span>
  ));
}

function useStatement(): (statement: Statement) => string {
  const t = useTranslations('verdict');
  const leftOut = useTranslations('snapshots.leftOutWhy');
  const format = useFormatter();
  const gateName = useGateName();
  const gateAdvice = useGateAdvice();
  const percent = (share: number) => format.number(share, { style: 'percent', maximumFractionDigits: 0 });
  const reasons = (findings: readonly Finding[]) =>
    findings
      .map(({ name, value, threshold, bound }) => {
        const [shown, limit] = tellApart(value, threshold);
        return t(`finding.${bound}`, { gate: gateName(name), value: shown, threshold: limit });
      })
      .join(t('between'));
  const unseen = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => {
        const reason = name.replace(/^(left_out|not_read)\//, '') as 'empty';
        return t('leftOutCount', { reason: leftOut.has(reason) ? leftOut(reason) : reason, count });
      })
      .join(t('between'));
  return (statement) => {
    switch (statement.code) {
      case 'sentence':
        return statement.text;
      case 'rejected':
        return t('rejected', {
          version: statement.version,
          reasons: reasons(statement.findings),
          advice: advices(statement.findings, gateAdvice).filter(Boolean).join(t('afterSentence')),
        });
      case 'not_judged':
        return t('not_judged', {
          gates: statement.gates
            .map(({ name, ...lacks }) => t('lacking', { gate: gateName(name), ...lacks }))
            .join(t('between')),
        });
      case 'passed_over':
        return t('passed_over', { count: statement.count, reasons: reasons(statement.findings) });
      case 'left_out':
        return t('left_out', { counts: unseen(statement.counts) });
      case 'harm_charged':
        return t('harm_charged', { ...statement, accuracy: percent(statement.accuracy) });
      case 'harm_uncertain':
        return t('harm_uncertain', {
          ...statement,
          ...{ accuracy: percent(statement.accuracy), least: percent(statement.least) },
        });
      default: {
        const { code, ...values } = statement;
        return t(code, values as Record<string, string | number>);
      }
    }
  };
}
