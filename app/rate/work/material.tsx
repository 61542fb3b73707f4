'use client';

// What a task is about: the conversation, the completions side by side, an answer under review, and earlier votes.
import { useTranslations } from 'next-intl';
import { Markdown } from '@/app/chat/turn/markdown';
import type { TaskData } from '@/app/rate/types';
import { Votes } from '@/app/rate/work/votes';
import { Card } from '@/app/ui/card';

export function Material({ task }: { task: TaskData }) {
  const t = useTranslations('rate');
  const { prompt, completions, hiding, questions, written, votes } = task;
  return (
    <>
      <Card title={t('prompt')}>
        {hiding !== 'nothing' && <p className="mb-3 text-muted-foreground text-xs">{t(`hiding.${hiding}`)}</p>}
        <div className="space-y-3">
          {prompt.map(({ role, content }, at) => (
            <div key={at}>
              <p className="text-muted-foreground text-xs">{t(role)}</p>
              <p dir="auto" className="whitespace-pre-wrap break-words">
                {content}
              </p>
            </div>
          ))}
        </div>
      </Card>
      {completions.length > 0 && (
        <div className={`grid gap-4 ${completions.length > 1 ? 'md:grid-cols-2' : ''}`}>
          {completions.map((text, at) => (
            <Card key={at} title={titleOf(t, completions.length, at)}>
              {text === '' ? (
                <p className="text-muted-foreground text-sm">{t('empty')}</p>
              ) : (
                <Markdown text={text} isStreaming={false} />
              )}
            </Card>
          ))}
        </div>
      )}
      {written !== null && (
        <Card title={t('written')}>
          <Markdown text={written} isStreaming={false} />
        </Card>
      )}
      {votes && (
        <Card title={t('votes')}>
          <Votes completions={completions} questions={questions} votes={votes} />
        </Card>
      )}
    </>
  );
}

/** The name by which votes and buttons call a completion. */
export function titleOf(t: ReturnType<typeof useTranslations<'rate'>>, count: number, at: number): string {
  if (count === 1) return t('answer');
  if (count === 2) return t(at === 0 ? 'left' : 'right');
  return t('numbered', { number: at + 1 });
}
