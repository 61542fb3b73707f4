'use client';

// One answer: its text, or the person's correction of it, and what can be done with it.
import { useTranslations } from 'next-intl';
import { useRef, useState } from 'react';
import { Verdict } from '@/app/chat/comparison/verdict';
import type { ComparisonData, MessageData } from '@/app/chat/conversation/types';
import type { Conversation } from '@/app/chat/conversation/use-conversation';
import type { ConversationFeedback } from '@/app/chat/conversation/use-feedback';
import { useDwell } from '@/app/chat/signals/use-dwell';
import type { Signals } from '@/app/chat/signals/use-signals';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';
import { Actions } from './actions';
import { AnswerBody } from './answer-body';
import { Markdown } from './markdown';
import type { PagerProps } from './pager';

export interface AnswerProps {
  message: MessageData;
  /** The comparison that this answer belongs to; `isNew` if it was decided on this page just now. */
  comparison: { data: ComparisonData; isNew: boolean } | null;
  pager: PagerProps;
  isLast: boolean;
  /** Turns that follow this answer, and that a new one in its place would leave behind. */
  later: number;
  settle: Settle;
  conversation: Conversation;
  feedback: ConversationFeedback;
  signals: Signals;
  onRegenerate: () => void;
}

export function Answer(props: AnswerProps) {
  const { message, comparison, pager, isLast, later, settle, conversation, feedback, signals, onRegenerate } = props;
  const t = useTranslations('chat');
  const f = useTranslations('feedback');
  const app = useTranslations('app');
  const { generation } = message;
  const isRunning = generation?.status === 'running';
  const correction = message.given.correction?.value.text ?? null;
  const [isCorrected, setIsCorrected] = useState(false);
  const showsCorrection = isCorrected && correction !== null;
  const article = useRef<HTMLElement>(null);
  const body = useRef<HTMLDivElement>(null);
  useDwell(article, signals.isOn && isLast && !isRunning, (dwellMs) => signals.note(message, { dwellMs }));

  const [asked, setAsked] = useState<(() => void) | null>(null);
  const askFirst = (act: () => void) => (later > 0 ? setAsked(() => act) : act());
  const again = (
    <Button size="small" onClick={() => askFirst(onRegenerate)}>
      {app('retry')}
    </Button>
  );
  return (
    <article ref={article} className={isRunning ? undefined : 'turn'}>
      <h2 className="sr-only">{t('assistant')}</h2>
      {correction !== null && (
        <fieldset className="mb-2 flex w-fit gap-1 rounded-xl bg-muted p-1">
          <legend className="sr-only">{f('siblings')}</legend>
          {[false, true].map((corrected) => (
            <button
              key={String(corrected)}
              type="button"
              aria-pressed={showsCorrection === corrected}
              onClick={() => setIsCorrected(corrected)}
              className="min-h-8 rounded-lg px-3 text-muted-foreground text-sm aria-pressed:bg-card aria-pressed:font-medium aria-pressed:text-foreground aria-pressed:shadow-sm pointer-coarse:min-h-11"
            >
              {f(corrected ? 'yourCorrection' : 'theAnswer')}
            </button>
          ))}
        </fieldset>
      )}
      <div ref={body} hidden={showsCorrection}>
        <AnswerBody
          message={message}
          settle={settle}
          retry={again}
          onStop={() => generation && conversation.stop.mutate({ generationId: generation.id })}
        />
      </div>
      {showsCorrection && <Markdown text={correction} isStreaming={false} />}
      {generation && !isRunning && (
        <Actions
          {...{ message, generation, pager, feedback, signals, body }}
          onRegenerate={() =>
            askFirst(() => {
              signals.note(message, { regenerated: true });
              onRegenerate();
            })
          }
          onTellMore={() => setIsCorrected(false)}
        />
      )}
      {comparison && !isRunning && (
        <Verdict
          comparison={comparison.data}
          message={message}
          isNew={comparison.isNew}
          feedback={feedback.comparison}
        />
      )}
      <ConfirmDialog
        isOpen={asked !== null}
        onOpenChange={() => setAsked(null)}
        title={t('regenerateTitle')}
        text={t('regenerateText', { count: later })}
        action={t('regenerate')}
        onConfirm={() => {
          setAsked(null);
          asked?.();
        }}
      />
    </article>
  );
}
