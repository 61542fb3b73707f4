'use client';

// A turn on its way to the server: shown at once, and kept with a way to retry when it did not arrive.
import { useTranslations } from 'next-intl';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';
import { QuestionBubble } from './question';
import { Thinking } from './thinking';

/** `error` is what the API threw; null while on the way. */
export function PendingAnswer({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  if (!error) return <Thinking />;
  return (
    <Notice
      kind="error"
      action={
        <Button size="small" onClick={onRetry}>
          {app('retry')}
        </Button>
      }
    >
      {sentenceOf(error)}
    </Notice>
  );
}

export function PendingQuestion({ text, ...answer }: { text: string; error: unknown; onRetry: () => void }) {
  return (
    <>
      <div className="flex flex-col items-end">
        <QuestionBubble text={text} />
      </div>
      <PendingAnswer {...answer} />
    </>
  );
}
