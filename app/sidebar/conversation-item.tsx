'use client';

// One conversation in the list, with its menu: rename and delete.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { clsx } from 'clsx';
import { Ellipsis, Pencil, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useRef, useState } from 'react';
import { isCancelKey, isSendKey } from '@/app/lib/keys';
import { catchFocus } from '@/app/lib/lost-focus';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { ConfirmDialog } from '@/app/ui/dialog';
import { IconButton } from '@/app/ui/icon-button';
import { Menu, MenuItem } from '@/app/ui/menu';
import { TEXT_LIMITS } from '@/core/text/text-limits';

interface ConversationItemProps {
  conversation: { id: string; title: string };
  isOpen: boolean;
  onOpen: () => void;
  /** Leaves the page of a removed conversation; null when another one is open. */
  onRemoved: (() => void) | null;
}

export function ConversationItem({ conversation, isOpen, onOpen, onRemoved }: ConversationItemProps) {
  const { id, title } = conversation;
  const t = useTranslations('sidebar');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isRenaming, setIsRenaming] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const item = useRef<HTMLLIElement>(null);

  const refresh = () => client.invalidateQueries({ queryKey: trpc.conversation.pathKey() });
  const rename = useMutation(trpc.conversation.rename.mutationOptions({ onSettled: refresh }));
  const remove = useMutation(
    trpc.conversation.remove.mutationOptions({
      onSuccess: () => {
        setIsAsking(false);
        onRemoved?.();
        const neighbour = item.current?.nextElementSibling ?? item.current?.previousElementSibling;
        catchFocus(() => neighbour?.querySelector('a') ?? document.getElementById('main'));
        void client.invalidateQueries({ queryKey: trpc.conversation.list.pathKey() });
      },
    }),
  );

  const finish = (text: string) => {
    setIsRenaming(false);
    if (text.trim() && text.trim() !== title) rename.mutate({ id, title: text.trim() });
  };
  if (isRenaming)
    return (
      <li>
        <input
          // biome-ignore lint/a11y/noAutofocus: the person just asked to rename
          autoFocus
          aria-label={t('renameLabel')}
          defaultValue={title}
          maxLength={TEXT_LIMITS.title}
          onFocus={(event) => event.target.select()}
          onBlur={(event) => finish(event.target.value)}
          onKeyDown={(event) => {
            if (isSendKey(event)) finish(event.currentTarget.value);
            if (isCancelKey(event)) setIsRenaming(false);
          }}
          className="h-9 w-full rounded-lg border border-input bg-background px-2.5 text-base sm:text-sm"
        />
      </li>
    );
  return (
    <li ref={item} className="group relative">
      <Link
        href={`/c/${id}`}
        prefetch={false}
        onClick={onOpen}
        aria-current={isOpen ? 'page' : undefined}
        className={clsx(
          'flex min-h-9 items-center rounded-lg py-1.5 pr-10 pl-2.5 group-focus-within:pr-10 group-hover:pr-10 pointer-fine:pr-2.5 text-sm transition-colors pointer-coarse:min-h-11',
          isOpen ? 'bg-primary-soft font-medium' : 'hover:bg-muted',
        )}
      >
        <span className="truncate">{rename.isPending ? rename.variables.title : title}</span>
      </Link>
      {rename.error && (
        <p role="alert" className="px-2.5 pb-1 text-danger text-xs">
          {sentenceOf(rename.error)}
        </p>
      )}
      <Menu
        align="start"
        // The rename field takes the focus; the menu must not take it back.
        onCloseAutoFocus={(event) => isRenaming && event.preventDefault()}
        trigger={
          <IconButton
            label={t('actions', { title })}
            className="absolute top-0.5 right-0.5 transition-opacity focus-visible:opacity-100 group-hover:opacity-100 data-[state=open]:opacity-100 pointer-fine:opacity-0"
          >
            <Ellipsis aria-hidden className="size-4" />
          </IconButton>
        }
      >
        <MenuItem onSelect={() => setTimeout(() => setIsRenaming(true))}>
          <Pencil aria-hidden className="size-4" />
          {t('rename')}
        </MenuItem>
        <MenuItem isDanger onSelect={() => setIsAsking(true)}>
          <Trash2 aria-hidden className="size-4" />
          {t('delete')}
        </MenuItem>
      </Menu>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('deleteTitle')}
        text={t('deleteText', { title })}
        action={t('delete')}
        variant="danger"
        isBusy={remove.isPending}
        error={remove.error ? sentenceOf(remove.error) : null}
        onConfirm={() => remove.mutate({ id })}
      />
    </li>
  );
}
