'use client';

// How often the rule, as it is typed, would have hit what people wrote and were answered.
import { useMutation } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Excerpt } from '@/app/admin/rules/excerpt';
import type { ExcerptData, RuleSettings } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';

export function RulePreview({ read }: { read: () => RuleSettings }) {
  const t = useTranslations('rules');
  const sentenceOf = useErrorSentence();
  const preview = useMutation(useTRPC().rule.preview.mutationOptions());
  const { data } = preview;
  return (
    <div className="space-y-3">
      <Button isBusy={preview.isPending} onClick={() => preview.mutate({ rule: read() })}>
        {t('preview')}
      </Button>
      {preview.error && <Notice kind="error">{sentenceOf(preview.error)}</Notice>}
      {data && (
        <>
          <Notice kind="info">
            {data.before === null
              ? t(data.what === 'answers' ? 'previewAnswersNew' : 'previewMessagesNew', {
                  ...{ texts: data.texts, after: data.after },
                })
              : t(data.what === 'answers' ? 'previewAnswers' : 'previewMessages', {
                  ...{ texts: data.texts, before: data.before, after: data.after },
                })}
            {data.failed > 0 && ` ${t('previewFailed', { count: data.failed })}`}
            {!data.isComplete && ` ${t('previewCut')}`}
          </Notice>
          <Excerpts title={t('previewAdded')} excerpts={data.added} />
          <Excerpts title={t('previewRemoved')} excerpts={data.removed} />
        </>
      )}
    </div>
  );
}

function Excerpts({ title, excerpts }: { title: string; excerpts: readonly ExcerptData[] }) {
  if (excerpts.length === 0) return null;
  return (
    <div>
      <h3 className="font-medium text-sm">{title}</h3>
      {excerpts.map((excerpt, at) => (
        <Excerpt key={at} excerpt={excerpt} label={title} />
      ))}
    </div>
  );
}
