'use client';

// One conversation on the page: header, turns, composer, and the state that only this page has.
import { useTranslations } from 'next-intl';
import { useCallback, useMemo, useRef, useState } from 'react';
import { Composer } from '@/app/chat/composer/composer';
import { type Branches, ROOT, tipOf, visiblePath } from '@/app/chat/conversation/tree';
import { useConversation } from '@/app/chat/conversation/use-conversation';
import { JumpToLatest } from '@/app/chat/stream/jump-to-latest';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { useStickToBottom } from '@/app/chat/stream/use-stick-to-bottom';
import { TurnList } from '@/app/chat/turn/turn-list';
import { codeOf, useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';
import { Announcer, useAnnounce } from './announcer';
import { ChatHeader } from './chat-header';
import { EmptyState } from './empty-state';
import { Missing } from './missing';

interface ChatProps {
  id: string;
  isStored: boolean;
  onOpenList: () => void;
  onNew: () => void;
}

export function Chat(props: ChatProps) {
  return (
    <Announcer>
      <OpenChat {...props} />
    </Announcer>
  );
}

/** Characters of a finished answer that are read out; the rest is in the log. */
const ANNOUNCED = 240;

function OpenChat({ id, isStored, onOpenList, onNew }: ChatProps) {
  const t = useTranslations('chat');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const announce = useAnnounce();
  const conversation = useConversation(id, isStored);
  const { query, send, regenerate } = conversation;
  const data = query.data;

  const [branches, setBranches] = useState<Branches>({});
  const [wantsTraining, setWantsTraining] = useState(true);
  const path = useMemo(() => visiblePath(data?.messages ?? [], data?.comparisons ?? [], branches), [data, branches]);
  const choose = useCallback(
    (parentId: string | null, childId: string) => setBranches((old) => ({ ...old, [parentId ?? ROOT]: childId })),
    [],
  );
  const forget = (parentId: string | null) =>
    setBranches(({ [parentId ?? ROOT]: _, ...others }: Record<string, string>) => others);

  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { isAtEnd, jump } = useStickToBottom(scroller, content);

  const settle: Settle = useCallback(
    (generationId, change, text) => {
      conversation.settle(generationId, change, text);
      announce(t('finished', { text: text.slice(0, ANNOUNCED) }));
    },
    [conversation.settle, announce, t],
  );

  const submit = (variables: { text: string; parentId: string | null; clientMessageId: string }) => {
    regenerate.reset();
    jump();
    send.mutate(
      { conversationId: id, ...variables },
      {
        onSuccess: () => {
          forget(variables.parentId);
          if (isStored) return;
          window.history.replaceState(null, '', `/c/${id}`);
          if (!wantsTraining) conversation.setAllowTraining.mutate({ id, allowTraining: false });
        },
      },
    );
  };
  const write = (text: string, parentId: string | null) =>
    submit({ text, parentId, clientMessageId: crypto.randomUUID() });
  const answerAgain = (variables: { messageId: string; clientMessageId: string }) => {
    send.reset();
    const parentId = data?.messages.find((message) => message.id === variables.messageId)?.parentId ?? null;
    regenerate.mutate(variables, { onSuccess: () => forget(parentId) });
  };

  const shown = path.flatMap((turn) => (turn.kind === 'message' ? [turn.message] : [turn.left, turn.right]));
  const running = shown.filter((message) => message.generation?.status === 'running');
  const isOpenComparison = path.at(-1)?.kind === 'comparison';
  const isEmpty = path.length === 0 && send.isIdle && (!isStored || query.isSuccess);
  if (isStored && query.isError && codeOf(query.error) === 'NOT_FOUND') return <Missing onNew={onNew} />;

  return (
    <main id="main" tabIndex={-1} className="relative flex min-w-0 flex-1 flex-col outline-none">
      <ChatHeader
        title={data?.title ?? null}
        allowTraining={data?.allowTraining ?? wantsTraining}
        onConsent={(allowTraining) =>
          data ? conversation.setAllowTraining.mutate({ id, allowTraining }) : setWantsTraining(allowTraining)
        }
        onOpenList={onOpenList}
        onNew={onNew}
      />
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
        <div ref={content} className="mx-auto flex min-h-full w-full max-w-3xl flex-col px-4 pt-4 pb-8 sm:px-6">
          {isEmpty ? (
            <EmptyState onPick={(text) => write(text, null)} />
          ) : (
            <TurnList
              path={path}
              comparisons={data?.comparisons ?? []}
              conversation={conversation}
              settle={settle}
              onBranch={choose}
              onEdit={(message, text) => write(text, message.parentId)}
              onRegenerate={(messageId) => answerAgain({ messageId, clientMessageId: crypto.randomUUID() })}
              onRetrySend={submit}
              onRetryRegenerate={answerAgain}
            />
          )}
          {isStored && query.isError && (
            <Notice
              kind="error"
              action={
                <Button size="small" onClick={() => query.refetch()}>
                  {app('retry')}
                </Button>
              }
            >
              {sentenceOf(query.error)}
            </Notice>
          )}
        </div>
      </div>
      <div className="relative mx-auto w-full max-w-3xl px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6">
        {!isAtEnd && !isEmpty && <JumpToLatest onJump={() => jump('smooth')} />}
        <Composer
          placeholder={isOpenComparison ? t('placeholderCompare') : t('placeholder')}
          isBusy={send.isPending || regenerate.isPending || (isStored && !data)}
          isAnswering={running.length > 0}
          onSend={(text) => write(text, tipOf(path)?.id ?? null)}
          onStop={() => {
            for (const { generation } of running)
              if (generation) conversation.stop.mutate({ generationId: generation.id });
          }}
        />
      </div>
    </main>
  );
}
