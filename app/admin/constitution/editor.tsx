'use client';

// Edits the principles one by one; saving makes a new version.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { TextArea, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';
import { MOST_PRINCIPLES, PRINCIPLE_USES, type Principle } from '@/core/judging/constitution';
import { TEXT_LIMITS } from '@/core/text/text-limits';

interface EditorProps {
  basedOn: number | null;
  start: readonly Principle[];
}

export function ConstitutionEditor({ basedOn, start }: EditorProps) {
  const t = useTranslations('constitution');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [drafts, setDrafts] = useState<Principle[]>(() => [...start]);
  const save = useMutation(
    trpc.judge.writeConstitution.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.judge.constitutions.queryKey() }),
    }),
  );
  const replace = (at: number, draft: Principle) => setDrafts(drafts.map((own, i) => (i === at ? draft : own)));
  const isChanged = basedOn === null || JSON.stringify(drafts) !== JSON.stringify(start);
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ principles: drafts, basedOn });
      }}
    >
      {drafts.map((draft, at) => (
        <PrincipleFields
          key={at}
          number={at + 1}
          draft={draft}
          onChange={(changed) => replace(at, changed)}
          onRemove={() => setDrafts(drafts.filter((_, i) => i !== at))}
        />
      ))}
      {save.error && <Notice kind="error">{sentenceOf(save.error)}</Notice>}
      <div className="flex flex-wrap gap-2">
        <Button
          disabled={drafts.length === MOST_PRINCIPLES}
          onClick={() => setDrafts([...drafts, { id: '', text: '', uses: [...PRINCIPLE_USES] }])}
        >
          {t('add')}
        </Button>
        <Button type="submit" variant="primary" disabled={!isChanged || drafts.length === 0} isBusy={save.isPending}>
          {t('save')}
        </Button>
      </div>
    </form>
  );
}

interface PrincipleFieldsProps {
  number: number;
  draft: Principle;
  onChange: (draft: Principle) => void;
  onRemove: () => void;
}

function PrincipleFields({ number, draft, onChange, onRemove }: PrincipleFieldsProps) {
  const t = useTranslations('constitution');
  return (
    <fieldset className="min-w-0 space-y-3 rounded-xl border border-border p-4">
      <legend className="px-1 font-medium text-sm">{t('principle', { number })}</legend>
      <TextField
        label={t('id')}
        hint={t('idHint')}
        required
        maxLength={40}
        pattern="[a-z0-9][a-z0-9\-]*"
        value={draft.id}
        onChange={(event) => onChange({ ...draft, id: event.target.value })}
      />
      <TextArea
        label={t('text')}
        rows={2}
        className="field-sizing-content min-h-16"
        required
        maxLength={TEXT_LIMITS.comment}
        value={draft.text}
        onChange={(event) => onChange({ ...draft, text: event.target.value })}
      />
      <fieldset>
        <legend className="mb-1.5 font-medium text-sm">{t('uses')}</legend>
        <div className="flex flex-wrap gap-x-5 gap-y-2">
          {PRINCIPLE_USES.map((use) => (
            <Switch
              key={use}
              label={t(`useNames.${use}`)}
              isOn={draft.uses.includes(use)}
              // A principle needs at least one use.
              isDisabled={draft.uses.length === 1 && draft.uses[0] === use}
              onChange={(isOn) =>
                onChange({
                  ...draft,
                  uses: PRINCIPLE_USES.filter((own) => (own === use ? isOn : draft.uses.includes(own))),
                })
              }
            />
          ))}
        </div>
      </fieldset>
      <Button size="small" aria-label={t('removeNamed', { number })} onClick={onRemove}>
        {t('remove')}
      </Button>
    </fieldset>
  );
}
