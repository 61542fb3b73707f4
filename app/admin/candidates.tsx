'use client';

// The versions that could serve instead of the champion: loads them, and lets an admin choose one in a form.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { Field, SELECT } from '@/app/ui/field';

/** `form` gets the field named `candidate`; `none` is shown where there is no version to choose. */
export function WithCandidates({ none, form }: { none: string; form: (field: ReactNode) => ReactNode }) {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const versions = useQuery(trpc.version.names.queryOptions());
  return (
    <Loaded query={versions}>
      {(all) => {
        const candidates = all.filter(
          ({ status, isRetired, isChampion }) => status === 'accepted' && !isRetired && !isChampion,
        );
        if (candidates.length === 0) return <p className="text-sm">{none}</p>;
        return form(
          <Field label={t('candidate')}>
            {(control) => (
              <select {...control} name="candidate" className={SELECT}>
                {candidates.map(({ id }) => (
                  <option key={id} value={id}>
                    {id}
                  </option>
                ))}
              </select>
            )}
          </Field>,
        );
      }}
    </Loaded>
  );
}
