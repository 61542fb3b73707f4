'use client';

// What people can do with everything that they have written here: download it, delete all chats, delete the account.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { DeleteAccount } from '@/app/settings/delete-account';
import { Button, buttonClass } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { ConfirmDialog } from '@/app/ui/dialog';
import { Notice } from '@/app/ui/notice';

export function YourData() {
  const t = useTranslations('settings');
  return (
    <Card title={t('data')}>
      <p className="text-muted-foreground text-sm">{t('dataText')}</p>
      <ul className="mt-4 divide-y divide-border">
        <Row text={t('downloadText')}>
          <a href="/api/account/download" download className={buttonClass('outline', 'medium')}>
            <Download aria-hidden className="size-4" />
            {t('download')}
          </a>
        </Row>
        <DeleteChats />
        <Row text={t('deleteAccountText')}>
          <DeleteAccount />
        </Row>
      </ul>
    </Card>
  );
}

function Row({ text, children }: { text: string; children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-5 gap-y-2.5 py-3.5 last:pb-0">
      <p className="min-w-0 flex-1 basis-60 text-sm">{text}</p>
      {children}
    </li>
  );
}

function DeleteChats() {
  const t = useTranslations('settings');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const removal = useMutation(
    trpc.conversation.removeAll.mutationOptions({
      onSuccess: () => {
        setIsOpen(false);
        return client.invalidateQueries({ queryKey: trpc.conversation.pathKey() });
      },
    }),
  );
  return (
    <>
      <Row text={t('deleteChatsText')}>
        <Button onClick={() => setIsOpen(true)}>{t('deleteChats')}</Button>
      </Row>
      {removal.data && (
        <li className="py-3.5">
          <Notice kind="info">{t('chatsDeleted', { count: removal.data.removed })}</Notice>
        </li>
      )}
      <ConfirmDialog
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        title={t('deleteChatsTitle')}
        text={t('deleteChatsAsk')}
        action={t('deleteChats')}
        variant="danger"
        isBusy={removal.isPending}
        error={removal.error && sentenceOf(removal.error)}
        onConfirm={() => removal.mutate()}
      />
    </>
  );
}
