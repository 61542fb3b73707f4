'use client';

// The title of the conversation and, on phones, the button that opens the list.
import { Menu as MenuIcon, SquarePen } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect } from 'react';
import { IconButton } from '@/app/ui/icon-button';

interface ChatHeaderProps {
  /** null for a conversation without messages. */
  title: string | null;
  onOpenList: () => void;
  onNew: () => void;
}

export function ChatHeader({ title, onOpenList, onNew }: ChatHeaderProps) {
  const s = useTranslations('sidebar');
  const app = useTranslations('app');
  useEffect(() => {
    document.title = title ? `${title} · ${app('name')}` : app('name');
  }, [title, app]);
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 px-3 sm:px-5">
      <IconButton label={s('open')} className="lg:hidden" onClick={onOpenList}>
        <MenuIcon aria-hidden className="size-5" />
      </IconButton>
      <h1 className="min-w-0 flex-1 truncate font-medium text-sm">{title ?? s('new')}</h1>
      <IconButton label={s('new')} className="lg:hidden" onClick={onNew}>
        <SquarePen aria-hidden className="size-5" />
      </IconButton>
    </header>
  );
}
