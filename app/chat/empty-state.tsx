'use client';

// A new conversation: a question, and four ways to begin.
import { useTranslations } from 'next-intl';
import { Logo } from '@/app/ui/logo';

const EXAMPLES = ['explain', 'write', 'plan', 'code'] as const;

interface EmptyStateProps {
  /** null while nothing can be sent. */
  onPick: ((text: string) => void) | null;
}

export function EmptyState({ onPick }: EmptyStateProps) {
  const t = useTranslations('chat');
  return (
    <div className="m-auto w-full max-w-xl py-8">
      <Logo className="size-11" />
      <h2 className="mt-5 text-balance font-semibold text-2xl tracking-tight sm:text-3xl">{t('heading')}</h2>
      <p className="mt-2 text-muted-foreground">{t('intro')}</p>
      {onPick && (
        <ul className="mt-8 grid gap-2 sm:grid-cols-2">
          {EXAMPLES.map((example) => (
            <li key={example} className="flex">
              <button
                type="button"
                onClick={() => onPick(t(`examples.${example}`))}
                className="w-full rounded-2xl border border-border bg-card px-4 py-3 text-left text-sm leading-relaxed transition-colors hover:border-primary hover:bg-primary-soft"
              >
                {t(`examples.${example}`)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
