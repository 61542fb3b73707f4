'use client';

// One answer with what a person can do about it: copy, rate, ask again, page, compare with the one before.
import { RefreshCw } from 'lucide-react';
import { useTranslations } from 'next-intl';
import type { MessageData } from '@/app/chat/conversation/types';
import type { Conversation } from '@/app/chat/conversation/use-conversation';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { Button } from '@/app/ui/button';
import { CopyButton } from '@/app/ui/copy-button';
import { IconButton } from '@/app/ui/icon-button';
import { AnswerBody } from './answer-body';
import { Pager, type PagerProps } from './pager';
import { Thumbs } from './thumbs';

interface AnswerProps {
  message: MessageData;
  /** The finished answer before this one, to compare with. */
  rival: MessageData | null;
  pager: PagerProps;
  settle: Settle;
  conversation: Conversation;
  onRegenerate: () => void;
}

export function Answer({ message, rival, pager, settle, conversation, onRegenerate }: AnswerProps) {
  const t = useTranslations('chat');
  const app = useTranslations('app');
  const { generation } = message;
  const isRunning = generation?.status === 'running';
  return (
    <article className={isRunning ? undefined : 'turn'}>
      <h2 className="sr-only">{t('assistant')}</h2>
      <AnswerBody
        message={message}
        settle={settle}
        retry={
          <Button size="small" onClick={onRegenerate}>
            {app('retry')}
          </Button>
        }
      />
      {generation && !isRunning && (
        <div className="mt-2 -ml-2 flex flex-wrap items-center gap-0.5">
          <CopyButton text={message.content} label={t('copyAnswer')} />
          <Thumbs generation={generation} onRate={(rating) => conversation.thumb.mutate(rating)} />
          <IconButton label={t('regenerate')} onClick={onRegenerate}>
            <RefreshCw aria-hidden className="size-4" />
          </IconButton>
          <Pager {...pager} />
          {generation.versionId && (
            <span className="ml-2 max-w-40 truncate text-muted-foreground text-xs" title={generation.versionId}>
              <span className="sr-only">{t('version', { version: generation.versionId })}</span>
              <span aria-hidden>{generation.versionId}</span>
            </span>
          )}
        </div>
      )}
      {generation && rival?.generation && (
        <Prefer
          isBusy={conversation.prefer.isPending}
          onPrefer={(isBetter) => {
            const [preferred, other] = isBetter ? [generation, rival.generation!] : [rival.generation!, generation];
            conversation.prefer.mutate({ preferredGenerationId: preferred.id, otherGenerationId: other.id });
          }}
        />
      )}
    </article>
  );
}

function Prefer({ isBusy, onPrefer }: { isBusy: boolean; onPrefer: (isBetter: boolean) => void }) {
  const t = useTranslations('feedback');
  return (
    <div className="mt-3 flex w-fit flex-wrap items-center gap-2 rounded-xl bg-muted px-3.5 py-2 text-sm">
      <p className="mr-1">{t('preferTitle')}</p>
      <Button size="small" disabled={isBusy} onClick={() => onPrefer(true)}>
        {t('better')}
      </Button>
      <Button size="small" disabled={isBusy} onClick={() => onPrefer(false)}>
        {t('worse')}
      </Button>
    </div>
  );
}
