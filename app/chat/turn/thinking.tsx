'use client';

// Three dots until the first word arrives.
import { useTranslations } from 'next-intl';

export function Thinking() {
  const t = useTranslations('chat');
  return (
    <div role="img" aria-label={t('thinking')} className="flex h-7 items-center gap-1.5">
      {[0, 180, 360].map((delay) => (
        <span
          key={delay}
          style={{ animationDelay: `${delay}ms` }}
          className="size-2 animate-breathe rounded-full bg-primary"
        />
      ))}
    </div>
  );
}
