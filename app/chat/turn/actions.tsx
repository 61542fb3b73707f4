'use client';

// What can be done with a finished answer: copy, rate, regenerate, page through its siblings, and tell more.
import { MessageSquarePlus, RefreshCw } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useRef, useState } from 'react';
import type { GenerationData, MessageData } from '@/app/chat/conversation/types';
import type { ConversationFeedback } from '@/app/chat/conversation/use-feedback';
import type { AnswerElement } from '@/app/chat/rating/passage/use-passage';
import { RatingPanel } from '@/app/chat/rating/rating-panel';
import { Thumbs } from '@/app/chat/rating/thumbs';
import { useAnswerFeedback } from '@/app/chat/rating/use-answer-feedback';
import type { Signals } from '@/app/chat/signals/use-signals';
import { CopyButton } from '@/app/ui/copy-button';
import { IconButton } from '@/app/ui/icon-button';
import { Pager, type PagerProps } from './pager';

interface ActionsProps {
  message: MessageData;
  generation: GenerationData;
  pager: PagerProps;
  feedback: ConversationFeedback;
  signals: Signals;
  /** The element that shows the answer. */
  body: AnswerElement;
  /** The panel is about to open: the answer that it is about should be in view. */
  onTellMore: () => void;
  onRegenerate: () => void;
}

export function Actions({
  message,
  generation,
  pager,
  feedback,
  signals,
  body,
  onRegenerate,
  onTellMore,
}: ActionsProps) {
  const t = useTranslations('chat');
  const f = useTranslations('feedback');
  const given = useAnswerFeedback(message, feedback.say);
  const [isOpen, setIsOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const change = (next: boolean) => {
    if (next) onTellMore();
    else opener.current?.focus();
    setIsOpen(next);
  };
  return (
    <>
      <div className="mt-2 -ml-2 flex flex-wrap items-center gap-0.5">
        <CopyButton
          text={message.content}
          label={t('copyAnswer')}
          onCopy={() => signals.note(message, { copied: true })}
        />
        <Thumbs thumb={given.thumb} />
        <IconButton
          ref={opener}
          label={f(isOpen ? 'tellLess' : 'tellMore')}
          aria-expanded={isOpen}
          onClick={() => change(!isOpen)}
        >
          <MessageSquarePlus aria-hidden className="size-4" />
        </IconButton>
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
      <RatingPanel
        feedback={given}
        messageId={message.id}
        text={message.content}
        answer={body}
        isOpen={isOpen}
        onOpenChange={change}
      />
    </>
  );
}
