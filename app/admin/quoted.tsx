'use client';

// A text that somebody or the model wrote, in a frame; a long one scrolls and can be reached with the keyboard.
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';

const LONG = 400;

interface QuotedProps {
  text: string;
  label: string;
  /** The text, perhaps with marks in it. */
  children: ReactNode;
}

export function Quoted({ text, label, children }: QuotedProps) {
  const t = useTranslations('adminFeedback');
  if (text === '') return <p className="mt-1 text-muted-foreground text-sm">{t('empty')}</p>;
  const scrolls = text.length > LONG && { tabIndex: 0, role: 'group', 'aria-label': label };
  return (
    <div
      {...scrolls}
      className="mt-1 max-h-48 overflow-y-auto whitespace-pre-wrap rounded-xl bg-muted px-3.5 py-2.5 text-sm [overflow-wrap:anywhere]"
    >
      {children}
    </div>
  );
}
