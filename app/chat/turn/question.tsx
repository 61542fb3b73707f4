'use client';

// What the person wrote, with copy, edit, and the pager of its edited versions.
import { Pencil } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import type { MessageData } from '@/app/chat/conversation/types';
import { CopyButton } from '@/app/ui/copy-button';
import { IconButton } from '@/app/ui/icon-button';
import { EditForm } from './edit-form';
import { Pager, type PagerProps } from './pager';
import { RuleNotices } from './rule-notices';

interface QuestionProps {
  message: MessageData;
  pager: PagerProps;
  /** Turns that follow it. */
  later: number;
  onEdit: (text: string) => void;
}

export function Question({ message, pager, later, onEdit }: QuestionProps) {
  const t = useTranslations('chat');
  const [isEditing, setIsEditing] = useState(false);
  return (
    <article className="turn group flex flex-col items-end gap-1">
      <h2 className="sr-only">{t('you')}</h2>
      {isEditing ? (
        <EditForm
          text={message.content}
          later={later}
          onCancel={() => setIsEditing(false)}
          onSend={(text) => {
            setIsEditing(false);
            onEdit(text);
          }}
        />
      ) : (
        <>
          <QuestionBubble text={message.content} />
          <RuleNotices notices={message.notices} />
          <div className="flex items-center gap-0.5 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 pointer-fine:opacity-0">
            <CopyButton text={message.content} label={t('copy')} />
            <IconButton label={t('edit')} onClick={() => setIsEditing(true)}>
              <Pencil aria-hidden className="size-4" />
            </IconButton>
            <Pager {...pager} />
          </div>
        </>
      )}
    </article>
  );
}

export function QuestionBubble({ text }: { text: string }) {
  return (
    <p
      dir="auto"
      className="max-w-[85%] whitespace-pre-wrap rounded-2xl rounded-br-md bg-primary-soft px-4 py-2.5 leading-relaxed [overflow-wrap:anywhere]"
    >
      {text}
    </p>
  );
}
