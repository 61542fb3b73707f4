'use client';

// The webhooks with their switches, the form for another, and the last deliveries.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { AddWebhook } from '@/app/admin/webhooks/add-webhook';
import { Deliveries } from '@/app/admin/webhooks/deliveries';
import { WebhookCard } from '@/app/admin/webhooks/webhook-card';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { EmptyState } from '@/app/ui/empty-state';

const REFRESH_MS = 3000;

export function Webhooks() {
  const t = useTranslations('webhooks');
  const trpc = useTRPC();
  const query = useQuery(trpc.webhook.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  return (
    <div className="space-y-4">
      <p className="max-w-3xl text-muted-foreground text-sm leading-relaxed">{t('intro')}</p>
      <AddWebhook />
      <Loaded query={query}>
        {({ webhooks, deliveries }) => (
          <>
            {webhooks.map((webhook) => (
              <WebhookCard key={webhook.id} webhook={webhook} />
            ))}
            <Card title={t('deliveries')}>
              {deliveries.length === 0 ? (
                <EmptyState>{t('noDeliveries')}</EmptyState>
              ) : (
                <Deliveries deliveries={deliveries} />
              )}
            </Card>
          </>
        )}
      </Loaded>
    </div>
  );
}
