'use client';

// The conversation list: a column on wide screens and a drawer on narrow ones.
import { X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Dialog } from 'radix-ui';
import { keepOpenWhileComposing } from '@/app/lib/keys';
import { AccountMenu } from '@/app/sidebar/account-menu';
import { ConversationList } from '@/app/sidebar/conversation-list';
import { IconButton } from '@/app/ui/icon-button';
import { Logo } from '@/app/ui/logo';

interface SidebarProps {
  openId: string | null;
  onNew: () => void;
  isDrawerOpen: boolean;
  onDrawerChange: (isOpen: boolean) => void;
}

export function Sidebar({ openId, onNew, isDrawerOpen, onDrawerChange }: SidebarProps) {
  const t = useTranslations('sidebar');
  const app = useTranslations('app');
  const content = (
    <>
      <div className="flex h-14 shrink-0 items-center gap-2.5 px-4">
        <Logo />
        <span className="font-semibold text-base tracking-tight">{app('name')}</span>
      </div>
      <ConversationList openId={openId} onNew={onNew} onOpen={() => onDrawerChange(false)} />
      <AccountMenu />
    </>
  );
  return (
    <>
      <nav aria-label={t('title')} className="hidden w-68 shrink-0 flex-col border-border border-r bg-sidebar lg:flex">
        {content}
      </nav>
      <Dialog.Root open={isDrawerOpen} onOpenChange={onDrawerChange}>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45 lg:hidden" />
          <Dialog.Content
            aria-describedby={undefined}
            onEscapeKeyDown={keepOpenWhileComposing}
            className="fixed inset-y-0 left-0 z-50 flex w-80 max-w-[86vw] animate-fade flex-col bg-sidebar shadow-float outline-none lg:hidden"
          >
            <Dialog.Title className="sr-only">{t('title')}</Dialog.Title>
            {content}
            <IconButton label={t('close')} className="absolute top-2.5 right-2.5" onClick={() => onDrawerChange(false)}>
              <X aria-hidden className="size-5" />
            </IconButton>
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </>
  );
}
