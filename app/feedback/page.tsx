// A person's own feedback: what they gave, with ways to change it or take it back, and what became of it.
import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { SessionGate } from '@/app/sidebar/session-gate';
import { PageFrame } from '@/app/ui/page-frame';
import { OwnFeedback } from './own-feedback';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('ownFeedback');
  return { title: t('title') };
}

export default async function FeedbackPage() {
  const t = await getTranslations('ownFeedback');
  return (
    <PageFrame title={t('title')} back={t('back')} width="narrow">
      <SessionGate>
        <OwnFeedback />
      </SessionGate>
    </PageFrame>
  );
}
