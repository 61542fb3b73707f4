'use client';

// Uploads a file of prompts, and lists the sets that were uploaded.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { CONTROL, Field, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Cell, Table } from '@/app/ui/table';

/** null if the file is not UTF-8. */
const readText = async (file: File): Promise<string | null> => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    return null;
  }
};

export function PromptSets() {
  const t = useTranslations('ratingAdmin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const sets = useQuery(trpc.ratingAdmin.promptSets.queryOptions());
  const refresh = { onSettled: () => client.invalidateQueries({ queryKey: trpc.ratingAdmin.pathKey() }) };
  const upload = useMutation(trpc.ratingAdmin.uploadPrompts.mutationOptions(refresh));
  const write = useMutation(trpc.ratingAdmin.writeAnswers.mutationOptions(refresh));
  const [isUnreadable, setIsUnreadable] = useState(false);
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const file = fields.get('file') as File;
    const content = await readText(file);
    setIsUnreadable(content === null);
    if (content === null) return upload.reset();
    const format = /\.(jsonl|ndjson|json)$/i.test(file.name) ? 'jsonl' : 'text';
    upload.mutate({ name: String(fields.get('name')), format, content }, { onSuccess: () => form.reset() });
  };
  return (
    <Card title={t('upload')}>
      <form onSubmit={submit} className="space-y-4">
        <TextField label={t('setName')} name="name" required maxLength={200} />
        <Field label={t('file')} hint={t('uploadHint')}>
          {(control) => (
            <input {...control} name="file" type="file" accept=".jsonl,.txt" required className={`${CONTROL} py-2`} />
          )}
        </Field>
        {isUnreadable && <Notice kind="error">{t('notUtf8')}</Notice>}
        {upload.error && <Notice kind="error">{sentenceOf(upload.error)}</Notice>}
        {upload.isSuccess && <Notice kind="info">{t('uploaded')}</Notice>}
        <Button type="submit" isBusy={upload.isPending}>
          {t('uploadButton')}
        </Button>
      </form>
      <h3 className="mt-6 mb-2 font-medium text-sm">{t('sets')}</h3>
      <Loaded query={sets}>
        {(items) =>
          items.length === 0 ? (
            <p className="text-muted-foreground text-sm">{t('noSets')}</p>
          ) : (
            <div className="space-y-3">
              <Table caption={t('sets')} head={[t('name'), t('prompts'), t('checks'), t('tasks'), t('waiting')]}>
                {items.map(({ id, name, prompts, checks, tasks, waitingForAnswers }) => (
                  <tr key={id}>
                    <Cell className="break-words">{name}</Cell>
                    {[prompts, checks, tasks, waitingForAnswers].map((count, at) => (
                      <Cell key={at} className="tabular-nums">
                        {count}
                      </Cell>
                    ))}
                  </tr>
                ))}
              </Table>
              {items.some(({ waitingForAnswers }) => waitingForAnswers > 0) && (
                <Button size="small" isBusy={write.isPending} onClick={() => write.mutate()}>
                  {t('writeAnswers')}
                </Button>
              )}
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}
