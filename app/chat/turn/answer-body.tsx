'use client';

// The text of an answer, running or finished, and one sentence about how it ended or why it is not growing.
import { useLocale, useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import type { MessageData } from '@/app/chat/conversation/types';
import { type Settle, useAnswerStream } from '@/app/chat/stream/use-answer-stream';
import { useIsSilent } from '@/app/chat/stream/use-is-silent';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';
import { Markdown } from './markdown';
import { RuleNotices } from './rule-notices';
import { Thinking } from './thinking';

interface AnswerBodyProps {
  message: MessageData;
  settle: Settle;
  /** Buttons for an answer that failed or does not arrive. */
  retry?: ReactNode;
  onStop: () => void;
}

export function AnswerBody({ message, settle, retry, onStop }: AnswerBodyProps) {
  const t = useTranslations('chat');
  const sentenceOf = useErrorSentence();
  const locale = useLocale();
  const { generation } = message;
  const stream = useAnswerStream(generation, settle);
  const isRunning = generation?.status === 'running';
  const text = isRunning ? stream.text || message.content : message.content;
  const isSilent = useIsSilent(text, isRunning) && !stream.error && !stream.isReconnecting;
  return (
    <div className="space-y-3">
      {text ? <Markdown text={text} isStreaming={isRunning} /> : isRunning && !stream.error && <Thinking />}
      {isSilent && (
        <Notice
          kind="info"
          action={
            <span className="flex gap-2">
              <Button size="small" onClick={onStop}>
                {t('stopShort')}
              </Button>
              {retry}
            </span>
          }
        >
          {t('silent')}
        </Notice>
      )}
      {stream.isReconnecting && <Notice kind="info">{t('reconnecting')}</Notice>}
      {stream.error && (
        <Notice kind="error" action={retry}>
          {sentenceOf(stream.error)}
        </Notice>
      )}
      {generation?.status === 'failed' && (
        <Notice kind="error" action={retry}>
          {/* The stored sentence is English. */}
          {(locale === 'en' && generation.error) || t('failed')}
        </Notice>
      )}
      {generation?.status === 'stopped' && <Notice kind="info">{t('stopped')}</Notice>}
      {generation?.finishReason === 'length' && <Notice kind="info">{t('cut')}</Notice>}
      <RuleNotices notices={message.notices} />
    </div>
  );
}
