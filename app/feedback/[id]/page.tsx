// The way of one vote: the snapshots that hold it, the runs that read them, their versions and gate reports.
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { getFormatter, getTranslations } from 'next-intl/server';
import { z } from 'zod';
import { readCurrentUser } from '@/app/admin/current-user';
import { PageFrame } from '@/app/ui/page-frame';
import { getWebProcess } from '@/server/product';
import { createCaller, type RouterOutputs } from '@/server/routers';
import { TraceLink } from './trace-link';
import { TracedSnapshot } from './traced-snapshot';

type Trace = RouterOutputs['feedback']['trace'];

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('trace');
  return { title: t('title') };
}

export default async function TracePage({ params }: { params: Promise<{ id: string }> }) {
  const t = await getTranslations('trace');
  const kinds = await getTranslations('feedbackKinds');
  const format = await getFormatter();
  const user = await readCurrentUser();
  const trace = await readTrace((await params).id, user);
  if (!trace) notFound();
  const isAdmin = user?.role === 'admin';
  const date = (at: Date) => format.dateTime(at, { dateStyle: 'medium', timeStyle: 'short' });
  const isChanged = trace.updatedAt.getTime() > trace.createdAt.getTime();
  return (
    <PageFrame title={t('title')} back={t('back')} width="narrow">
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
        <TraceLink href="/feedback">{t('own')}</TraceLink>
        {isAdmin && <TraceLink href="/admin/feedback">{t('list')}</TraceLink>}
      </p>
      <ol className="mt-6 space-y-4">
        <li className="rounded-2xl border border-border bg-card p-5">
          <h2 className="font-semibold text-base">{kinds(trace.kind)}</h2>
          <p className="mt-1 text-muted-foreground text-sm">
            {t('given', { date: date(trace.createdAt) })} {isChanged && t('changed', { date: date(trace.updatedAt) })}
          </p>
          <p className="mt-2 text-sm">{t(stateOf(trace))}</p>
        </li>
        {trace.snapshots.map((snapshot) => (
          <TracedSnapshot key={snapshot.id} snapshot={snapshot} isAdmin={isAdmin} />
        ))}
      </ol>
    </PageFrame>
  );
}

/** Null if there is no such vote for this person. */
async function readTrace(id: string, user: Awaited<ReturnType<typeof readCurrentUser>>): Promise<Trace | null> {
  if (!user || !z.uuid().safeParse(id).success) return null;
  const { product } = await getWebProcess();
  return createCaller({ product, user })
    .feedback.trace({ id })
    .catch((error: { code?: string }) => {
      if (error.code === 'NOT_FOUND') return null;
      throw error;
    });
}

function stateOf({ isConsented, isExcluded, snapshots }: Trace) {
  if (!isConsented) return 'withheld';
  if (isExcluded) return 'excluded';
  return snapshots.length === 0 ? 'waits' : 'counts';
}
