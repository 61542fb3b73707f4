'use client';

// What to do first, while nobody has rated an answer yet.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Card } from '@/app/ui/card';

const STEPS = [
  { name: 'chat', href: '/' },
  { name: 'rate', href: '/admin/rating' },
  { name: 'train', href: '/admin/runs' },
] as const;

export function FirstSteps() {
  const t = useTranslations('cockpit.first');
  return (
    <Card title={t('title')}>
      <ol className="grid gap-5 md:grid-cols-3">
        {STEPS.map(({ name, href }, at) => (
          <li key={name} className="flex gap-3">
            <span
              aria-hidden
              className="flex size-7 shrink-0 items-center justify-center rounded-full bg-primary-soft font-semibold text-primary-strong text-sm"
            >
              {at + 1}
            </span>
            <div className="min-w-0 text-sm leading-relaxed">
              <Link href={href} className="font-medium underline underline-offset-4">
                {t(`${name}.title`)}
              </Link>
              <p className="mt-1 text-muted-foreground">{t(`${name}.text`)}</p>
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}
