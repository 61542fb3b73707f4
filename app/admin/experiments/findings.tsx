'use client';

// What an experiment has found so far: the verdict, the difference over time, the guards, and the metric from other sides.
import { useTranslations } from 'next-intl';
import { IntervalChart } from '@/app/admin/experiments/interval-chart';
import { signed, Verdict } from '@/app/admin/experiments/verdict';
import { useFormats } from '@/app/admin/format';
import { Guards } from '@/app/admin/rollout/guards';
import type { ExperimentData, FindingsData } from '@/app/admin/types';
import { Cell, Table } from '@/app/ui/table';

export function Findings({ experiment, findings }: { experiment: ExperimentData; findings: FindingsData }) {
  const t = useTranslations('experiments');
  const { needed } = experiment;
  return (
    <div className="space-y-5">
      <Verdict experiment={experiment} findings={findings} />
      <p className="text-muted-foreground text-sm">
        {t('progress', { votes: findings.votes, people: Math.round(findings.reading?.people ?? 0) })}{' '}
        {needed && t('planned', { people: needed.people })}
      </p>
      {findings.past.length > 1 && (
        <IntervalChart past={findings.past} smallestEffect={experiment.plan?.smallestEffect ?? 0} />
      )}
      <Guards guards={findings.guards} />
      <details>
        <summary className="cursor-pointer font-medium text-sm">{t('otherSides')}</summary>
        <div className="mt-3 space-y-5">
          <OtherSides findings={findings} />
          <Languages languages={findings.languages} />
          <Asked asked={findings.asked} />
        </div>
      </details>
    </div>
  );
}

function OtherSides({ findings: { adjusted, forEverybody } }: { findings: FindingsData }) {
  const t = useTranslations('experiments');
  const { percent } = useFormats();
  const range = (low: number, high: number, show = percent) =>
    Number.isFinite(low) && Number.isFinite(high) ? t('range', { low: show(low), high: show(high) }) : t('unknown');
  const withSign = (share: number) => signed(percent, share);
  const rows = (['champion', 'candidate'] as const).flatMap((arm) =>
    (['snips', 'doublyRobust'] as const).flatMap((name) => {
      const found = forEverybody[arm]?.[name];
      return found ? [{ key: `${arm} ${name}`, arm, name, found }] : [];
    }),
  );
  return (
    <Table caption={t('otherSides')} head={[t('estimate'), t('value'), t('interval')]}>
      {adjusted && (
        <tr>
          <Cell>
            <span className="block font-medium">{t('adjusted')}</span>
            <span className="text-muted-foreground text-xs">
              {t('adjustedText', { removed: percent(adjusted.removed) })}
            </span>
          </Cell>
          <Cell className="tabular-nums">{withSign(adjusted.effect)}</Cell>
          <Cell className="whitespace-nowrap tabular-nums">{range(adjusted.low, adjusted.high, withSign)}</Cell>
        </tr>
      )}
      {rows.map(({ key, arm, name, found }) => (
        <tr key={key}>
          <Cell>
            <span className="block font-medium">{t(`forEverybody.${arm}`)}</span>
            <span className="text-muted-foreground text-xs">{t(`estimators.${name}`)}</span>
          </Cell>
          <Cell className="tabular-nums">{percent(found.value)}</Cell>
          <Cell className="whitespace-nowrap tabular-nums">
            {range(Math.max(0, found.low), Math.min(1, found.high))}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

function Languages({ languages }: Pick<FindingsData, 'languages'>) {
  const t = useTranslations('experiments');
  const { percent } = useFormats();
  if (languages.length === 0) return <p className="text-muted-foreground text-sm">{t('noLanguages')}</p>;
  return (
    <Table
      caption={t('byLanguage')}
      head={[t('language'), t('people'), t('champion'), t('candidate'), t('difference')]}
    >
      {languages.map(({ language, people, champion, candidate, effect }) => (
        <tr key={language ?? ''}>
          <Cell>{language ?? t('others')}</Cell>
          <Cell className="tabular-nums">{people}</Cell>
          <Cell className="tabular-nums">{effect ? percent(champion.mean) : '–'}</Cell>
          <Cell className="tabular-nums">{effect ? percent(candidate.mean) : '–'}</Cell>
          <Cell className="whitespace-nowrap tabular-nums">
            {effect
              ? t('range', { low: signed(percent, effect.low), high: signed(percent, effect.high) })
              : t('tooFew')}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

function Asked({ asked }: Pick<FindingsData, 'asked'>) {
  const t = useTranslations('experiments');
  const { percent } = useFormats();
  return (
    <Table caption={t('divided')} head={[t('share'), t('champion'), t('candidate')]}>
      {asked.map(({ share, champion, candidate }) => (
        <tr key={share}>
          <Cell className="tabular-nums">{percent(share)}</Cell>
          <Cell className="tabular-nums">{champion}</Cell>
          <Cell className="tabular-nums">{candidate}</Cell>
        </tr>
      ))}
    </Table>
  );
}
