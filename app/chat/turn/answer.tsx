'use client';

// One answer with its actions: copy, rate, regenerate, page, compare with the previous one.
import { RefreshCw } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Prefer } from '@/app/chat/comparison/prefer';
import { Verdict } from '@/app/chat/comparison/verdict';
import type { ComparisonData, GenerationData, MessageData } from '@/app/chat/conversation/types';
import type { Conversation } from '@/app/chat/conversation/use-conversation';
import { RatingPanel } from '@/app/chat/rating/rating-panel';
import { Thumbs } from '@/app/chat/rating/thumbs';
import { useRating } from '@/app/chat/rating/use-rating';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { Button } from '@/app/ui/button';
import { CopyButton } from '@/app/ui/copy-button';
import { IconButton } from '@/app/ui/icon-button';
import { AnswerBody } from './answer-body';
import { Pager, type PagerProps } from './pager';

interface AnswerProps {
  message: MessageData;
  /** The previous answer, if finished, to compare with. */
  rival: MessageData | null;
  /** The comparison that this answer belongs to. */
  comparison: ComparisonData | null;
  pager: PagerProps;
  settle: Settle;
  conversation: Conversation;
  onRegenerate: () => void;
}

export function Answer({ message, rival, comparison, pager, settle, conversation, onRegenerate }: AnswerProps) {
  const t = useTranslations('chat');
  const app = useTranslations('app');
  const { generation } = message;
  const { prefer, withdraw, stop } = conversation;
  const isRunning = generation?.status === 'running';
  const again = (
    <Button size="small" onClick={onRegenerate}>
      {app('retry')}
    </Button>
  );
  return (
    <article className={isRunning ? undefined : 'turn'}>
      <h2 className="sr-only">{t('assistant')}</h2>
      <AnswerBody
        message={message}
        settle={settle}
        retry={again}
        onStop={() => generation && stop.mutate({ generationId: generation.id })}
      />
      {generation && !isRunning && (
        <Actions
          message={message}
          generation={generation}
          pager={pager}
          conversation={conversation}
          onRegenerate={onRegenerate}
        />
      )}
      {comparison && !isRunning && (
        <Verdict
          comparison={comparison}
          message={message}
          isBusy={withdraw.isPending}
          error={withdraw.error}
          onUndo={() => withdraw.mutate({ kind: 'comparison', comparisonId: comparison.id })}
        />
      )}
      {generation && rival?.generation && (
        <Prefer
          isBusy={prefer.isPending}
          onPrefer={(isBetter) => {
            const [preferred, other] = isBetter ? [generation, rival.generation!] : [rival.generation!, generation];
            prefer.mutate({ preferredGenerationId: preferred.id, otherGenerationId: other.id });
          }}
        />
      )}
    </article>
  );
}

interface ActionsProps extends Pick<AnswerProps, 'message' | 'pager' | 'conversation' | 'onRegenerate'> {
  generation: GenerationData;
}

function Actions({ message, generation, pager, conversation, onRegenerate }: ActionsProps) {
  const t = useTranslations('chat');
  const rating = useRating(generation, (next) =>
    conversation.thumb.mutateAsync({ generationId: generation.id, ...(next ?? { value: null }) }),
  );
  return (
    <>
      <div className="mt-2 -ml-2 flex flex-wrap items-center gap-0.5">
        <CopyButton text={message.content} label={t('copyAnswer')} />
        <Thumbs {...rating} />
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
      <RatingPanel rating={rating} />
    </>
  );
}
