'use client';

// Says how much to shorten a message that is too long.
import { useTranslations } from 'next-intl';

export function LengthNote({ excess, id }: { excess: number; id?: string }) {
  const t = useTranslations('chat');
  if (excess === 0) return null;
  return (
    <p id={id} role="alert" className="mb-2 px-2 text-danger text-sm">
      {t('tooLong', { excess })}
    </p>
  );
}
