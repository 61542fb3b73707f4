'use client';

// Title of the conversation, whether it may be used for training, and on phones the way to the list.
import { Menu as MenuIcon, SquarePen } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Tooltip } from 'radix-ui';
import { useEffect } from 'react';
import { IconButton } from '@/app/ui/icon-button';
import { Switch } from '@/app/ui/switch';

interface ChatHeaderProps {
  /** null for a conversation without messages. */
  title: string | null;
  allowTraining: boolean;
  onConsent: (allowTraining: boolean) => void;
  onOpenList: () => void;
  onNew: () => void;
}

export function ChatHeader({ title, allowTraining, onConsent, onOpenList, onNew }: ChatHeaderProps) {
  const t = useTranslations('chat');
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
      <Tooltip.Root>
        <Tooltip.Trigger asChild>
          <span>
            <Switch label={t('consent')} isOn={allowTraining} onChange={onConsent} />
          </span>
        </Tooltip.Trigger>
        <Tooltip.Portal>
          <Tooltip.Content
            sideOffset={6}
            collisionPadding={8}
            className="z-50 max-w-64 animate-fade rounded-md bg-foreground px-2.5 py-1.5 text-background text-xs"
          >
            {allowTraining ? t('consentOn') : t('consentOff')}
          </Tooltip.Content>
        </Tooltip.Portal>
      </Tooltip.Root>
      <IconButton label={s('new')} className="lg:hidden" onClick={onNew}>
        <SquarePen aria-hidden className="size-5" />
      </IconButton>
    </header>
  );
}
