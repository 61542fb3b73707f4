'use client';

// What can be had of a version: the adapter as a download, and the command that writes the whole model.
import { Download } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { formatBytes } from '@/app/admin/format';
import type { VersionDetail } from '@/app/admin/types';
import { buttonClass } from '@/app/ui/button';
import { Card } from '@/app/ui/card';

export function Downloads({ version }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  return (
    <Card title={t('files')}>
      <Adapter version={version} />
      {!version.filesDeletedAt && (
        <div className="mt-4 text-sm">
          <p>{t('exportText')}</p>
          <pre className="mt-1 overflow-x-auto rounded-xl bg-muted p-3 text-xs">npx attune export {version.id}</pre>
        </div>
      )}
    </Card>
  );
}

function Adapter({ version: { id, files, hasFiles, bytes, filesDeletedAt, parentId } }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  if (!hasFiles) {
    const why = parentId === null ? t('baseHasNoFiles') : filesDeletedAt ? t('filesGone') : t('filesMissing');
    return <p className="text-muted-foreground text-sm">{why}</p>;
  }
  return (
    <>
      <p className="text-sm">{t('adapterText', { size: formatBytes(bytes ?? 0) })}</p>
      <a
        href={`/api/admin/versions/${encodeURIComponent(id)}/adapter`}
        download
        className={buttonClass('outline', 'small', 'mt-3 gap-1.5')}
      >
        <Download aria-hidden className="size-4" />
        {t('downloadAdapter')}
      </a>
      {Object.keys(files).length > 0 && (
        <details className="mt-3 text-sm">
          <summary className="w-fit rounded text-primary-strong">{t('hashes')}</summary>
          <dl className="mt-2 space-y-1.5 text-xs">
            {Object.entries(files).map(([name, sha256]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="break-all font-mono text-muted-foreground">{sha256}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}
