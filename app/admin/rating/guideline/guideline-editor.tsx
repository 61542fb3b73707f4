'use client';

// The editor of the guideline, in both languages, with a preview.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useLocale, useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Markdown } from '@/app/chat/turn/markdown';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextArea } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import type { RouterOutputs } from '@/server/routers';

type Guideline = RouterOutputs['ratingAdmin']['guidelines'][number];

const MOST = 20_000;

export function GuidelineEditor() {
  const trpc = useTRPC();
  const query = useQuery(trpc.ratingAdmin.guidelines.queryOptions(undefined, { refetchOnWindowFocus: false }));
  return <Loaded query={query}>{([now]) => <Editor now={now} />}</Loaded>;
}

function Editor({ now }: { now: Guideline | undefined }) {
  const t = useTranslations('ratingAdmin');
  const locale = useLocale() as 'en' | 'ja';
  const { date } = useFormats();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [text, setText] = useState(now?.text ?? { en: '', ja: '' });
  const save = useMutation(
    trpc.ratingAdmin.writeGuideline.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.ratingAdmin.guidelines.queryKey() }),
    }),
  );
  const isChanged = text.en !== now?.text.en || text.ja !== now?.text.ja;
  const isFilled = text.en.trim() !== '' && text.ja.trim() !== '';
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title={t('guidelineTab')}>
        <div className="space-y-4">
          <p className="text-muted-foreground text-sm">
            {now ? t('guidelineNow', { version: now.version, date: date(now.createdAt) }) : t('guidelineNone')}
          </p>
          <TextArea
            label={t('guidelineEn')}
            rows={10}
            maxLength={MOST}
            lang="en"
            value={text.en}
            onChange={(event) => setText({ ...text, en: event.target.value })}
          />
          <TextArea
            label={t('guidelineJa')}
            rows={10}
            maxLength={MOST}
            lang="ja"
            value={text.ja}
            onChange={(event) => setText({ ...text, ja: event.target.value })}
          />
          {save.error && <Notice kind="error">{sentenceOf(save.error)}</Notice>}
          <Button
            variant="primary"
            disabled={!isChanged || !isFilled}
            isBusy={save.isPending}
            onClick={() => save.mutate(text)}
          >
            {t('guidelineSave')}
          </Button>
        </div>
      </Card>
      <Card title={t('preview')}>
        <Markdown text={text[locale]} isStreaming={false} />
      </Card>
    </div>
  );
}
