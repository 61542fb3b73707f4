'use client';

// What people think of a version's answers, and how often they broke a rule.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { Rate, WinRate } from '@/app/admin/rate';
import { LINK } from '@/app/admin/versions/version-link';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { Facts } from '@/app/ui/facts';

export function Opinion({ id }: { id: string }) {
  const t = useTranslations('versions');
  const admin = useTranslations('admin');
  const trpc = useTRPC();
  const query = useQuery(trpc.version.figures.queryOptions({ ids: [id] }));
  return (
    <Card title={t('opinion')}>
      <Loaded query={query}>
        {([figures]) =>
          figures && (
            <>
              <Facts
                facts={[
                  [admin('thumbRate'), <Rate key="thumbs" {...figures.thumbRate} />],
                  [admin('wins'), <WinRate key="wins" of={figures.sideBySide} />],
                  [admin('rulesBroken'), <Rate key="rules" {...figures.rules.any} />],
                ]}
              />
              <Link
                href={`/admin/feedback?version=${encodeURIComponent(id)}`}
                className={`${LINK} mt-3 inline-block text-sm`}
              >
                {t('feedbackOn')}
              </Link>
            </>
          )
        }
      </Loaded>
    </Card>
  );
}
