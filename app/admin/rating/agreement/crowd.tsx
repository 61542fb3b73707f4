'use client';

// What is most likely right where raters differ, who is right how often, and which tasks are hardest.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { AgreementData } from '@/app/admin/types';
import { Cell, Table } from '@/app/ui/table';
import { CHOICES } from '@/core/feedback/kinds';

export function Crowd({ crowd }: { crowd: NonNullable<AgreementData['crowd']> }) {
  const t = useTranslations('agreement');
  const rate = useTranslations('rate');
  const { percent } = useFormats();
  return (
    <section className="space-y-2">
      <h2 className="font-semibold text-base">{t('crowd')}</h2>
      <p className="max-w-prose text-muted-foreground text-sm">
        {t('crowdText', {
          tasks: crowd.tasks,
          dawidSkene: crowd.overruledByDawidSkene,
          glad: crowd.overruledByGlad,
        })}
      </p>
      <Table caption={t('crowd')} head={[rate('rater'), rate('done'), t('byDawidSkene'), t('byGlad')]}>
        {crowd.raters.map(({ name, answers, byDawidSkene, byGlad }, at) => (
          <tr key={at} className="tabular-nums">
            <Cell className="break-words font-medium">{name}</Cell>
            <Cell>{answers}</Cell>
            <Cell>{percent(byDawidSkene)}</Cell>
            <Cell>{percent(byGlad)}</Cell>
          </tr>
        ))}
      </Table>
      <p className="max-w-prose text-muted-foreground text-xs">{t('crowdNote')}</p>
      <h3 className="pt-2 font-semibold text-sm">{t('hardest')}</h3>
      <ul className="space-y-2 text-sm">
        {crowd.hardest.map(({ prompt, votes }, at) => (
          <li key={at} className="rounded-xl border border-border bg-card p-3">
            <p className="break-words">{prompt}</p>
            <p className="mt-1 text-muted-foreground text-xs">
              {CHOICES.flatMap((choice, i) => (votes[i] ? [`${rate(`sides.${choice}`)}: ${votes[i]}`] : [])).join(
                ' · ',
              )}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
