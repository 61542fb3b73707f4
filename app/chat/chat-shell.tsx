'use client';

// Finds the open conversation from the URL, and lays it out next to the list.
import { usePathname, useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useCallback, useState } from 'react';
import { Chat } from '@/app/chat/chat';
import { newId } from '@/app/lib/secure-context';
import { Sidebar } from '@/app/sidebar/sidebar';
import { SkipLink } from '@/app/ui/skip-link';

/**
 * A new conversation has its id before the server knows it. Its first message changes the URL without a navigation,
 * so the running answer keeps its component; coming back to `/` afterwards creates a new id.
 */
export function ChatShell() {
  const t = useTranslations('app');
  const pathname = usePathname();
  const router = useRouter();
  const openId = /^\/c\/([^/]+)/.exec(pathname)?.[1] ?? null;
  const [draft, setDraft] = useState(() => ({ id: newId(), isUsed: false }));
  if (openId === draft.id && !draft.isUsed) setDraft({ ...draft, isUsed: true });
  if (openId === null && draft.isUsed) setDraft({ id: newId(), isUsed: false });

  const [isListOpen, setIsListOpen] = useState(false);
  const onNew = useCallback(() => {
    setDraft({ id: newId(), isUsed: false });
    setIsListOpen(false);
    router.push('/');
  }, [router]);

  const id = openId ?? draft.id;
  return (
    <div className="flex h-dvh overflow-hidden">
      <SkipLink label={t('skip')} />
      <Sidebar openId={openId} onNew={onNew} isDrawerOpen={isListOpen} onDrawerChange={setIsListOpen} />
      <Chat key={id} id={id} isStored={openId !== null} onOpenList={() => setIsListOpen(true)} onNew={onNew} />
    </div>
  );
}
