'use client';

// Two versions side by side: which two, every figure of both, and their answers to the same prompts.
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { Answers } from '@/app/admin/versions/compare/answers';
import { Figures } from '@/app/admin/versions/compare/figures';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { Field, SELECT } from '@/app/ui/field';

interface CompareProps {
  a: string | null;
  b: string | null;
}

export function Compare({ a, b }: CompareProps) {
  const t = useTranslations('versions');
  const trpc = useTRPC();
  const names = useQuery(trpc.version.names.queryOptions());
  const router = useRouter();
  const choose = (pair: CompareProps) => {
    const chosen = Object.entries(pair).flatMap(([side, id]) => (id ? [[side, id]] : []));
    router.replace(`/admin/versions/compare?${new URLSearchParams(chosen)}`);
  };
  return (
    <div className="space-y-4">
      <Card title={t('compareTitle')}>
        <Loaded query={names}>
          {(all) => {
            const ids = all.map(({ id }) => id);
            return (
              <div className="grid gap-4 sm:grid-cols-2">
                <Chosen label={t('sideA')} value={a} ids={ids} onChange={(id) => choose({ a: id, b })} />
                <Chosen label={t('sideB')} value={b} ids={ids} onChange={(id) => choose({ a, b: id })} />
              </div>
            );
          }}
        </Loaded>
        {(!a || !b || a === b) && <p className="mt-4 text-muted-foreground text-sm">{t('chooseTwo')}</p>}
      </Card>
      {a && b && a !== b && (
        <>
          <Figures a={a} b={b} />
          <Answers key={`${a} ${b}`} a={a} b={b} />
        </>
      )}
    </div>
  );
}

interface ChosenProps {
  label: string;
  value: string | null;
  ids: string[];
  onChange: (id: string | null) => void;
}

function Chosen({ label, value, ids, onChange }: ChosenProps) {
  const t = useTranslations('versions');
  return (
    <Field label={label}>
      {(control) => (
        <select
          {...control}
          className={SELECT}
          value={value ?? ''}
          onChange={(event) => onChange(event.target.value || null)}
        >
          <option value="">{t('chooseOne')}</option>
          {ids.map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
