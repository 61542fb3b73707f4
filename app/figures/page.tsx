// The five figures for everyone, if an admin has made them public.
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { FigureList } from '@/app/figures/figure-list';
import { PageFrame } from '@/app/ui/page-frame';
import { AttuneError } from '@/core/errors';
import { getWebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';

export const dynamic = 'force-dynamic';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('figures');
  return { title: t('title') };
}

export default async function FiguresPage() {
  const t = await getTranslations('figures');
  const { product } = await getWebProcess();
  const figures = await createCaller({ product, user: null })
    .system.figures()
    .catch((error: Error) => {
      if (error.cause instanceof AttuneError && error.cause.code === 'FORBIDDEN') return null;
      throw error;
    });
  if (!figures) notFound();
  return (
    <PageFrame title={t('title')} back={t('back')} width="narrow">
      <p className="mb-6 max-w-prose text-muted-foreground text-sm leading-relaxed">{t('intro')}</p>
      <FigureList figures={figures} runHref={null} />
    </PageFrame>
  );
}
