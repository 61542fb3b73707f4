'use client';

// One conversation on the page: header, turns, composer, and the state that exists only on this page.
import { useTranslations } from 'next-intl';
import { useCallback, useMemo, useRef, useState } from 'react';
import { newId } from '@/app/lib/secure-context';
import { codeOf, isRefused, useErrorSentence } from '@/app/lib/use-error-sentence';
import { useRuleSentence } from '@/app/lib/use-rule-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';
import { beginningOf } from '@/core/text/beginning';
import { Announcer, useAnnounce } from './announcer';
import { ChatHeader } from './chat-header';
import { Composer } from './composer/composer';
import { ConsentChoice } from './composer/consent-choice';
import { ConsentLine } from './composer/consent-line';
import { returnDraft } from './composer/drafts';
import { type Branches, ROOT, tipOf, visiblePath } from './conversation/tree';
import type { SendResult } from './conversation/types';
import { useConsent } from './conversation/use-consent';
import { useConversation } from './conversation/use-conversation';
import { useFeedback } from './conversation/use-feedback';
import { EmptyState } from './empty-state';
import { Missing } from './missing';
import { useSignals } from './signals/use-signals';
import { JumpToLatest } from './stream/jump-to-latest';
import type { Settle } from './stream/use-answer-stream';
import { useStickToBottom } from './stream/use-stick-to-bottom';
import { type Regenerate, type Send, TurnList } from './turn/turn-list';

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
/** The conversation does not exist, or the id is not valid. */
const MISSING = ['NOT_FOUND', 'BAD_REQUEST'];

function OpenChat({ id, isStored, onOpenList, onNew }: ChatProps) {
  const t = useTranslations('chat');
  const c = useTranslations('consent');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const ruleSentenceOf = useRuleSentence();
  const announce = useAnnounce();
  const conversation = useConversation(id, isStored);
  const consent = useConsent(id, isStored, conversation);
  const { query, send, regenerate } = conversation;
  const data = query.data;
  const feedback = useFeedback(id);
  const signals = useSignals(data);

  const [branches, setBranches] = useState<Branches>({});
  const path = useMemo(() => visiblePath(data?.messages ?? [], data?.comparisons ?? [], branches), [data, branches]);
  const choose = useCallback(
    (parentId: string | null, childId: string) => setBranches((old) => ({ ...old, [parentId ?? ROOT]: childId })),
    [],
  );
  const forget = (parentId: string | null) =>
    setBranches(({ [parentId ?? ROOT]: _, ...others }: Record<string, string>) => others);

  const shown = path.flatMap((turn) => (turn.kind === 'message' ? [turn.message] : [turn.left, turn.right]));
  const running = shown.filter((message) => message.generation?.status === 'running');
  const isBusy = send.isPending || regenerate.isPending;

  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLTextAreaElement>(null);
  const { isAtEnd, jump } = useStickToBottom(scroller, content, running.length > 0 || isBusy);

  const settle: Settle = useCallback(
    (generationId, change, text, notices) => {
      conversation.settle(generationId, change, text, notices);
      const told = notices.map((notice) => ruleSentenceOf(notice.effect, notice));
      announce([t('finished', { text: beginningOf(text, ANNOUNCED) }), ...told].join(' '));
    },
    [conversation.settle, announce, ruleSentenceOf, t],
  );

  const [refusal, setRefusal] = useState<unknown>(null);
  const submit = ({ text, parentId, clientMessageId }: Send) => {
    setRefusal(null);
    regenerate.reset();
    jump();
    // The consent is sent with the first message of the conversation, so that neither arrives without the other.
    const begins = !data && consent.value !== null ? { allowTraining: consent.value } : {};
    // From the field it would be sent to the same place; an edited message would not.
    const fitsField = parentId === (tipOf(path)?.id ?? null);
    const variables = { conversationId: id, text, parentId, clientMessageId, ...begins };
    const onSuccess = (result: SendResult) => {
      forget(parentId);
      if (isStored) return;
      window.history.replaceState(null, '', `/c/${id}`);
      consent.keep(result.allowTraining);
    };
    // Unlike onError, a promise also fails once the person has opened another conversation.
    send.mutateAsync(variables, { onSuccess }).catch((error: unknown) => {
      if (!fitsField || !isRefused(error) || !returnDraft(id, text)) return;
      setRefusal(error);
      send.reset();
    });
  };
  const write = (text: string, parentId: string | null) => submit({ text, parentId, clientMessageId: newId() });
  const answerAgain = (variables: Regenerate) => {
    send.reset();
    const parentId = data?.messages.find((message) => message.id === variables.messageId)?.parentId ?? null;
    regenerate.mutate(variables, { onSuccess: () => forget(parentId) });
  };

  // The buttons of the question disappear; the next thing to do is to write.
  const chooseConsent = (allowTraining: boolean) => {
    consent.choose(allowTraining);
    input.current?.focus();
  };
  const stop = () => {
    for (const { generation } of running) if (generation) conversation.stop.mutate({ generationId: generation.id });
  };
  const isOpenComparison = path.at(-1)?.kind === 'comparison';
  const isEmpty = path.length === 0 && send.isIdle && (!isStored || query.isSuccess);
  const mustChoose = !isStored && !consent.isLoading && consent.value === null;
  if (isStored && query.isError && MISSING.includes(codeOf(query.error) ?? '')) return <Missing onNew={onNew} />;

  return (
    <main id="main" tabIndex={-1} className="relative flex min-w-0 flex-1 flex-col outline-none">
      <ChatHeader title={data?.title ?? null} onOpenList={onOpenList} onNew={onNew} />
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
        <div ref={content} className="mx-auto flex min-h-full w-full max-w-3xl flex-col px-4 pt-4 pb-8 sm:px-6">
          {isEmpty ? (
            <EmptyState onPick={consent.value === null ? null : (text) => write(text, null)} />
          ) : (
            <TurnList
              path={path}
              comparisons={data?.comparisons ?? []}
              asksToCompare={data?.allowTraining ?? false}
              conversation={conversation}
              feedback={feedback}
              signals={signals}
              settle={settle}
              onBranch={choose}
              onEdit={(message, text) => write(text, message.parentId)}
              onRegenerate={(messageId) => answerAgain({ messageId, clientMessageId: newId() })}
              onRetrySend={submit}
              onReplace={write}
              onRetryRegenerate={answerAgain}
              onStop={stop}
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
        {mustChoose && <ConsentChoice isCheckedOutside={consent.isCheckedOutside} onChoose={chooseConsent} />}
        <Composer
          ref={input}
          conversationId={id}
          placeholder={isOpenComparison ? t('placeholderCompare') : t('placeholder')}
          isBusy={isBusy || (isStored && !data) || consent.isLoading}
          isAnswering={running.length > 0}
          obstacle={mustChoose ? c('chooseFirst') : null}
          refusal={refusal ? sentenceOf(refusal) : null}
          onEmpty={() => setRefusal(null)}
          onSend={(text) => write(text, tipOf(path)?.id ?? null)}
          onStop={stop}
        />
        {consent.value !== null && (
          <ConsentLine
            isOn={consent.value}
            isSaving={consent.isSaving}
            error={consent.error}
            onChange={consent.choose}
          />
        )}
      </div>
    </main>
  );
}
