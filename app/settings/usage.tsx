'use client';

// The person's usage on the last days, through the chat and all keys.
import { useQuery } from '@tanstack/react-query';
import { useLocale, useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { Cell, Table } from '@/app/ui/table';

export function Usage() {
  const t = useTranslations('settings');
  const locale = useLocale();
  const trpc = useTRPC();
  const query = useQuery(trpc.apiKey.usage.queryOptions());
  // Days are in UTC, wherever the reader is.
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  return (
    <Card title={t('usage')}>
      <p className="mb-4 text-muted-foreground text-sm">{t('usageText')}</p>
      <Loaded query={query}>
        {(days) =>
          days.length === 0 ? (
            <p className="text-muted-foreground text-sm">{t('noUsage')}</p>
          ) : (
            <Table caption={t('usage')} head={[t('day'), t('requests'), t('promptTokens'), t('completionTokens')]}>
              {days.map(({ day, requests, promptTokens, completionTokens }) => (
                <tr key={day}>
                  <Cell className="whitespace-nowrap">{format.format(new Date(`${day}T00:00:00Z`))}</Cell>
                  {[requests, promptTokens, completionTokens].map((count, index) => (
                    <Cell key={index} className="tabular-nums">
                      {t('count', { count })}
                    </Cell>
                  ))}
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Card>
  );
}
