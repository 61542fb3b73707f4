'use client';

// The last deliveries: what was sent where, and whether it arrived.
import { Check, Clock, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { shortId } from '@/app/admin/audit/subject-link';
import { useFormats } from '@/app/admin/format';
import type { DeliveryData } from '@/app/admin/types';
import { useEventName } from '@/app/admin/webhooks/use-event-name';
import { Badge } from '@/app/ui/badge';
import { Cell, Table } from '@/app/ui/table';

export function Deliveries({ deliveries }: { deliveries: readonly DeliveryData[] }) {
  const t = useTranslations('webhooks');
  const nameOf = useEventName();
  const { date } = useFormats();
  return (
    <Table caption={t('deliveries')} head={[t('when'), t('event'), t('about'), t('to'), t('state'), t('tries')]}>
      {deliveries.map((delivery) => (
        <tr key={delivery.id}>
          <Cell className="whitespace-nowrap text-muted-foreground">{date(delivery.createdAt)}</Cell>
          <Cell className="min-w-40 font-medium">{nameOf(delivery.event)}</Cell>
          <Cell className="min-w-24 break-all">
            <span title={delivery.subject}>{shortId(delivery.subject)}</span>
          </Cell>
          <Cell className="break-all">{delivery.host}</Cell>
          <Cell className="min-w-44">
            <State delivery={delivery} />
            {delivery.error && (
              <span lang="en" className="mt-1 block text-muted-foreground text-xs">
                {delivery.error}
              </span>
            )}
          </Cell>
          <Cell className="tabular-nums">{delivery.attempts}</Cell>
        </tr>
      ))}
    </Table>
  );
}

function State({ delivery: { deliveredAt, dueAt, attempts } }: { delivery: DeliveryData }) {
  const t = useTranslations('webhooks.states');
  const { date } = useFormats();
  const [tone, Icon, words] = deliveredAt
    ? (['good', Check, t('arrived')] as const)
    : dueAt
      ? (['busy', Clock, attempts > 0 ? t('again', { date: date(dueAt) }) : t('waits')] as const)
      : (['bad', X, t('givenUp')] as const);
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className="size-3.5" />
      {words}
    </Badge>
  );
}
