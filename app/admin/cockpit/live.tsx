'use client';

// What happens around the loop: the last answers that may be read, experiments, what rules found, and the raters.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Raters } from '@/app/admin/cockpit/raters';
import { RuleRates } from '@/app/admin/cockpit/rule-rates';
import { Samples } from '@/app/admin/cockpit/samples';
import { Trials } from '@/app/admin/cockpit/trials';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';

const REFRESH_MS = 15_000;

export function Live() {
  const t = useTranslations('cockpit');
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.live.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  return (
    <Loaded query={query}>
      {({ samples, trials, rules, raters }) => (
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Card title={t('samples')} className="lg:row-span-2">
            <Samples samples={samples} />
          </Card>
          <Card title={t('rules')}>
            <RuleRates rules={rules} />
          </Card>
          <Card title={t('raters')}>
            <Raters raters={raters} />
          </Card>
          <Card title={t('trials')} className="lg:col-span-2">
            <Trials trials={trials} />
          </Card>
        </div>
      )}
    </Loaded>
  );
}
