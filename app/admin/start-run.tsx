'use client';

// Starts a training run, with changed settings if wanted, and opens its page.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { parseObject } from '@/app/admin/parse-object';
import { useTRPC } from '@/app/lib/trpc';
import { codeOf, useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { TextArea } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';

/** The settings were refused: the sentence names the field, so it is shown below the text. */
const isAboutSettings = (error: unknown) => codeOf(error) === 'BAD_REQUEST';

const EXAMPLE = '{"preset": "demo-cpu"}';

export function StartRun() {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const router = useRouter();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [text, setText] = useState('');
  const config = text.trim() === '' ? {} : parseObject(text);
  const start = useMutation(
    trpc.admin.startRun.mutationOptions({
      onSuccess: ({ id }) => {
        void client.invalidateQueries({ queryKey: trpc.admin.runs.queryKey() });
        router.push(`/admin/runs/${id}`);
      },
    }),
  );
  return (
    <>
      <Button variant="primary" onClick={() => setIsOpen(true)}>
        <Play aria-hidden className="size-4" />
        {t('startRun')}
      </Button>
      <Dialog isOpen={isOpen} onOpenChange={setIsOpen} title={t('startRun')} text={t('startRunText')}>
        <form
          className="mt-5 space-y-4"
          onSubmit={(event) => {
            event.preventDefault();
            if (config) start.mutate({ config });
          }}
        >
          <TextArea
            label={t('config')}
            hint={t('configHint', { example: EXAMPLE })}
            error={
              config
                ? start.error && isAboutSettings(start.error)
                  ? sentenceOf(start.error)
                  : null
                : t('configBad', { example: EXAMPLE })
            }
            rows={4}
            spellCheck={false}
            placeholder="{}"
            className="font-mono"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              start.reset();
            }}
          />
          {start.error && !isAboutSettings(start.error) && <Notice kind="error">{sentenceOf(start.error)}</Notice>}
          <div className="flex justify-end">
            <Button type="submit" variant="primary" disabled={!config} isBusy={start.isPending}>
              {t('start')}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
