'use client';

// A turn that is being sent: shown at once, and if sending fails, kept with buttons to retry or edit.
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { isRefused, useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';
import { EditForm } from './edit-form';
import { QuestionBubble } from './question';
import { Thinking } from './thinking';

interface PendingAnswerProps {
  /** What the API threw; null while the message is being sent. */
  error: unknown;
  onRetry: () => void;
  onEdit?: () => void;
}

export function PendingAnswer({ error, onRetry, onEdit }: PendingAnswerProps) {
  const t = useTranslations('chat');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  if (!error) return <Thinking />;
  return (
    <Notice
      kind="error"
      action={
        <span className="flex gap-2">
          {onEdit && (
            <Button size="small" onClick={onEdit}>
              {t('editShort')}
            </Button>
          )}
          {!(onEdit && isRefused(error)) && (
            <Button size="small" onClick={onRetry}>
              {app('retry')}
            </Button>
          )}
        </span>
      }
    >
      {sentenceOf(error)}
    </Notice>
  );
}

interface PendingQuestionProps {
  text: string;
  error: unknown;
  onRetry: () => void;
  /** Sends a different text instead. */
  onReplace: (text: string) => void;
}

export function PendingQuestion({ text, error, onRetry, onReplace }: PendingQuestionProps) {
  const [isEditing, setIsEditing] = useState(false);
  if (isEditing && error) return <EditForm text={text} onSend={onReplace} onCancel={() => setIsEditing(false)} />;
  return (
    <>
      <div className="flex flex-col items-end">
        <QuestionBubble text={text} />
      </div>
      <PendingAnswer error={error} onRetry={onRetry} onEdit={() => setIsEditing(true)} />
    </>
  );
}
