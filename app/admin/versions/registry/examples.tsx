// What a version and the one it was judged against answered to the product's own questions.
import { useTranslations } from 'next-intl';
import type { VersionDetail } from '@/app/admin/types';
import { Card } from '@/app/ui/card';

export function Examples({ examples }: { examples: VersionDetail['examples'] }) {
  const t = useTranslations('versions');
  if (examples.length === 0) return null;
  return (
    <Card title={t('examples')}>
      <ul className="space-y-5">
        {examples.map(({ question, before, after }) => (
          <li key={question}>
            <p className="font-medium text-sm">{question}</p>
            <dl className="mt-2 grid gap-3 text-sm md:grid-cols-2">
              {(
                [
                  ['before', before],
                  ['after', after],
                ] as const
              ).map(([name, text]) => (
                <div key={name} className="rounded-xl bg-muted p-3">
                  <dt className="mb-1 text-muted-foreground text-xs">{t(name)}</dt>
                  <dd className="whitespace-pre-wrap wrap-anywhere">{text}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
    </Card>
  );
}
