'use client';

// The principles in force, in a form, and the versions before them.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { ConstitutionEditor } from '@/app/admin/constitution/editor';
import { ConstitutionVersions } from '@/app/admin/constitution/versions';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { FIRST_PRINCIPLES } from '@/core/judging/constitution';

export function ConstitutionPage() {
  const t = useTranslations('constitution');
  const trpc = useTRPC();
  const query = useQuery(trpc.judge.constitutions.queryOptions(undefined, { refetchOnWindowFocus: false }));
  return (
    <div className="space-y-4">
      <p className="max-w-prose text-muted-foreground text-sm">{t('intro')}</p>
      <Loaded query={query}>
        {(versions) => {
          const [now] = versions;
          return (
            <>
              <Card title={now ? t('inForce', { version: now.version }) : t('first')}>
                <ConstitutionEditor
                  key={now?.version ?? 0}
                  basedOn={now?.version ?? null}
                  start={now?.principles ?? FIRST_PRINCIPLES}
                />
              </Card>
              {versions.length > 0 && <ConstitutionVersions versions={versions} />}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
