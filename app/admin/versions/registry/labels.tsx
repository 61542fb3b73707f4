'use client';

// A version's tags and note, which an admin adds, changes and removes.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useId, useState } from 'react';
import type { VersionDetail } from '@/app/admin/types';
import { Tag } from '@/app/admin/versions/tag';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextArea, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { LONGEST_TAG, VersionTag } from '@/core/versions';

export function Labels({ version }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  return (
    <Card title={t('labels')}>
      <div className="space-y-5">
        <Tags version={version} />
        <Note key={version.note} version={version} />
      </div>
    </Card>
  );
}

function Tags({ version: { id, tags } }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const listId = useId();
  const [isBad, setIsBad] = useState(false);
  const { data: registry } = useQuery(trpc.version.registry.queryOptions());
  const refresh = { onSettled: () => client.invalidateQueries({ queryKey: trpc.version.pathKey() }) };
  const add = useMutation(trpc.version.addTag.mutationOptions(refresh));
  const remove = useMutation(trpc.version.removeTag.mutationOptions(refresh));
  const error = add.error ?? remove.error;
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const tag = VersionTag.safeParse(String(new FormData(form).get('tag')));
    setIsBad(!tag.success);
    if (tag.success) add.mutate({ id, tag: tag.data }, { onSuccess: () => form.reset() });
  };
  return (
    <div className="space-y-3">
      {tags.length > 0 ? (
        <ul className="flex flex-wrap gap-1.5">
          {tags.map((tag) => (
            <li key={tag}>
              <Tag>
                {tag}
                <Button
                  variant="quiet"
                  size="icon"
                  className="-mr-1.5 size-6 rounded-full"
                  aria-label={t('removeTag', { tag })}
                  onClick={() => remove.mutate({ id, tag })}
                >
                  <X aria-hidden className="size-3.5" />
                </Button>
              </Tag>
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-muted-foreground text-sm">{t('noTags')}</p>
      )}
      <form onSubmit={submit} className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <TextField
            label={t('newTag')}
            name="tag"
            required
            maxLength={LONGEST_TAG}
            list={listId}
            autoComplete="off"
            hint={t('tagHint')}
            error={isBad ? t('badTag') : null}
          />
        </div>
        <datalist id={listId}>
          {registry?.tags.map(({ tag }) => (
            <option key={tag} value={tag} />
          ))}
        </datalist>
        <Button type="submit" className="mt-[1.625rem] h-11 sm:h-10" isBusy={add.isPending}>
          {t('add')}
        </Button>
      </form>
      {error && <Notice kind="error">{sentenceOf(error)}</Notice>}
    </div>
  );
}

function Note({ version: { id, note } }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [text, setText] = useState(note);
  const save = useMutation(
    trpc.version.setNote.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.version.pathKey() }),
    }),
  );
  return (
    <form
      className="space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ id, note: text });
      }}
    >
      <TextArea
        label={t('note')}
        rows={3}
        maxLength={TEXT_LIMITS.comment}
        value={text}
        onChange={(event) => setText(event.target.value)}
        hint={t('noteHint')}
      />
      {save.error && <Notice kind="error">{sentenceOf(save.error)}</Notice>}
      <Button type="submit" size="small" isBusy={save.isPending} disabled={text.trim() === note}>
        {t('saveNote')}
      </Button>
    </form>
  );
}
