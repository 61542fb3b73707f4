'use client';

// The form of a rule. Examples are checked before it is saved, and what was typed outlives a change by somebody else.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { TRPCClientError } from '@trpc/client';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Examples, resultsOf } from '@/app/admin/rules/examples';
import { FieldControl } from '@/app/admin/rules/field-control';
import { type RuleForms, settingsOf, shownFields, typedOf } from '@/app/admin/rules/form';
import { RulePreview } from '@/app/admin/rules/preview';
import { useNoVerdict } from '@/app/admin/rules/use-no-verdict';
import type { RuleSettings } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { codeOf, useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';

interface EditorProps {
  forms: RuleForms;
  /** The rule in force, or a template. */
  rule: RuleSettings;
  isNew?: boolean;
  onSaved?: (id: string) => void;
}

export function RuleEditor({ forms, rule, isNew = false, onSaved }: EditorProps) {
  const t = useTranslations('rules');
  const sentenceOf = useErrorSentence();
  const noVerdictSentence = useNoVerdict();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [base, setBase] = useState(rule);
  const fields = forms[base.kind];
  const draftOf = (own: RuleSettings) => ({
    id: own.id,
    typed: typedOf(forms[own.kind], own),
    examples: own.examples,
  });
  const [draft, setDraft] = useState(() => draftOf(rule));
  const [isAsking, setIsAsking] = useState(false);
  const [needsVerdict, setNeedsVerdict] = useState(true);
  const readDraft = ({ id, typed, examples }: typeof draft) =>
    ({ ...settingsOf(fields, typed), id, kind: base.kind, examples }) as RuleSettings;
  const read = () => readDraft(draft);
  const isTouched = !isSame(read(), readDraft(draftOf(base)));
  const isBehind = !isNew && rule.version > base.version;
  const follow = (own: RuleSettings) => {
    setBase(own);
    setDraft(draftOf(own));
  };
  const check = useMutation(trpc.rule.try.mutationOptions());
  const save = useMutation(
    trpc.rule.save.mutationOptions({
      onSuccess: ({ id, version }, { rule: saved }) => {
        // What was typed while it was being saved stays typed.
        setBase({ ...saved, version } as RuleSettings);
        setNeedsVerdict(true);
        onSaved?.(id);
      },
      onSettled: () => {
        setIsAsking(false);
        return client.invalidateQueries({ queryKey: trpc.rule.pathKey() });
      },
    }),
  );
  if (isBehind && !isTouched && !save.isPending) follow(rule);
  const isChecked = check.data && isSame(check.variables.rule, read());
  const results = isChecked ? resultsOf(draft.examples, check.data.examples) : null;
  const failed = results?.filter((result) => result !== 'pass').length ?? 0;
  const write = () => save.mutate({ rule: read(), expectedVersion: isNew ? null : base.version, needsVerdict });
  const submit = () => {
    save.reset();
    check.reset();
    if (draft.examples.length === 0) return write();
    const { examples } = draft;
    check.mutate(
      { rule: read(), text: '' },
      {
        onSuccess: (found) =>
          resultsOf(examples, found.examples).every((result) => result === 'pass') ? write() : setIsAsking(true),
      },
    );
  };
  const change = (changed: Partial<typeof draft>) => setDraft({ ...draft, ...changed });
  const error = save.error ?? check.error;
  const noVerdict = noVerdictSentence(error);
  const sentence = error && (noVerdict ?? (isNew && codeOf(error) === 'CONFLICT' ? t('idTaken') : sentenceOf(error)));
  const param = error instanceof TRPCClientError ? String(error.data?.param ?? '') : '';
  const errorOf = (name: string) => (param.split(/[.[\]]/).includes(name) ? sentence : null);
  const isConflict = isBehind && isTouched;
  return (
    <form
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        {isNew && (
          <TextField
            label={t('id')}
            hint={t('idHint')}
            error={errorOf('id')}
            required
            pattern="[a-z0-9\-]{1,64}"
            maxLength={64}
            value={draft.id}
            onChange={(event) => change({ id: event.target.value })}
          />
        )}
        {shownFields(fields, base.kind).map((field) => (
          <FieldControl
            key={field.name}
            kind={base.kind}
            field={field}
            value={draft.typed[field.name]!}
            error={errorOf(field.name)}
            onChange={(value) => change({ typed: { ...draft.typed, [field.name]: value } })}
          />
        ))}
      </div>
      <Examples
        examples={draft.examples}
        results={results}
        reasons={results && check.data ? check.data.reasons : []}
        isChecking={check.isPending}
        onChange={(examples) => change({ examples })}
        onCheck={() => check.mutate({ rule: read(), text: '' })}
      />
      <RulePreview read={read} />
      {sentence && !isConflict && <Notice kind="error">{sentence}</Notice>}
      {isConflict && (
        <Notice
          kind="warning"
          action={
            <>
              <Button
                size="small"
                onClick={() => {
                  setBase({ ...base, version: rule.version });
                  save.reset();
                }}
              >
                {t('keepMine')}
              </Button>
              <Button size="small" onClick={() => follow(rule)}>
                {t('takeTheirs')}
              </Button>
            </>
          }
        >
          {t('conflict', { version: rule.version })}
        </Notice>
      )}
      {(noVerdict || !needsVerdict) && (
        <label className="flex items-center gap-2 text-sm">
          <input
            type="checkbox"
            className="size-4 accent-primary"
            checked={!needsVerdict}
            onChange={({ target }) => setNeedsVerdict(!target.checked)}
          />
          {t('saveUnanswered')}
        </label>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Button
          type="submit"
          variant="primary"
          disabled={!isNew && !isTouched}
          isBusy={save.isPending || check.isPending}
        >
          {isNew ? t('saveNew') : t('save')}
        </Button>
        {save.isSuccess && !isTouched && (
          <span role="status" className="text-sm">
            {t('saved')}
          </span>
        )}
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('failingTitle', { count: failed })}
        text={t('failingText')}
        action={t('saveAnyway')}
        isBusy={save.isPending}
        onConfirm={write}
      />
    </form>
  );
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
