'use client';

// What is watched in both arms, each with what it means: its interval for the harm, and whether it is a breach.
import { Check, CircleDashed, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { CanaryData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';
import { Cell, Table } from '@/app/ui/table';

type Guard = NonNullable<CanaryData['verdict']>['guards'][number];

export function Guards({ guards }: { guards: readonly Guard[] }) {
  const t = useTranslations('rollout');
  const { percent } = useFormats();
  const show = (name: Guard['name'], value: number) =>
    name === 'firstTokenMs' ? t('ms', { ms: Math.round(value) }) : percent(value);
  return (
    <div className="mt-5 space-y-2">
      <Table
        caption={t('guards')}
        head={[t('guard'), t('champion'), t('candidate'), t('harm'), t('people'), t('state')]}
      >
        {guards.map(({ name, champion, candidate, harm, people, isBreached }) => (
          <tr key={name}>
            <Cell className="min-w-44">
              <span className="block font-medium">{t(`guardNames.${name}`)}</span>
              <span className="text-muted-foreground text-xs">{t(`guardTexts.${name}`)}</span>
            </Cell>
            <Cell className="tabular-nums">{champion === null ? '–' : show(name, champion)}</Cell>
            <Cell className="tabular-nums">{candidate === null ? '–' : show(name, candidate)}</Cell>
            <Cell className="whitespace-nowrap tabular-nums">
              {harm ? t('from_to', { low: show(name, harm.low), high: show(name, harm.high) }) : '–'}
            </Cell>
            <Cell className="tabular-nums">{people}</Cell>
            <Cell>
              <State harm={harm} isBreached={isBreached} />
            </Cell>
          </tr>
        ))}
      </Table>
      <p className="max-w-3xl text-muted-foreground text-xs">{t('harmText')}</p>
    </div>
  );
}

function State({ harm, isBreached }: Pick<Guard, 'harm' | 'isBreached'>) {
  const t = useTranslations('rollout.states');
  const [tone, Icon, word] = isBreached
    ? (['bad', X, 'breached'] as const)
    : harm
      ? (['good', Check, 'kept'] as const)
      : (['plain', CircleDashed, 'unknown'] as const);
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className="size-3.5" />
      {t(word)}
    </Badge>
  );
}
