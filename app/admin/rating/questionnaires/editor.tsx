'use client';

// Edits one questionnaire beside a preview with its live score; saving makes a new version.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { type Draft, draftOf, QuestionFields, questionOf } from '@/app/admin/rating/questionnaires/question-fields';
import type { QuestionnaireData } from '@/app/admin/types';
import { useTRPC, useTRPCClient } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Questions } from '@/app/rate/work/questions';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';
import type { Answers } from '@/core/feedback/quality';

interface EditorProps {
  /** null for a new questionnaire. */
  start: QuestionnaireData | null;
  onSaved: () => void;
}

export function Editor({ start, onSaved }: EditorProps) {
  const t = useTranslations('ratingAdmin');
  const { metric } = useFormats();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const api = useTRPCClient();
  const client = useQueryClient();
  const [name, setName] = useState(start?.name ?? '');
  const [isForChat, setIsForChat] = useState(start?.isForChat ?? false);
  const [drafts, setDrafts] = useState<Draft[]>(() => (start?.questions ?? []).map(draftOf));
  const [answers, setAnswers] = useState<Answers>({});
  const questions = drafts.map(questionOf);
  const save = useMutation(
    trpc.ratingAdmin.writeQuestionnaire.mutationOptions({
      onSuccess: onSaved,
      onSettled: () => client.invalidateQueries({ queryKey: trpc.ratingAdmin.questionnaires.queryKey() }),
    }),
  );
  const fit = useMutation({
    mutationFn: (id: string) => api.ratingAdmin.fitWeights.query({ id }),
    onSuccess: ({ weights }) =>
      setDrafts((now) =>
        now.map((draft) => {
          const weight = weights[draft.id];
          return weight === undefined ? draft : { ...draft, weight: String(Math.round(weight * 1000) / 1000) };
        }),
      ),
  });
  const replace = (at: number, draft: Draft) => setDrafts(drafts.map((own, index) => (index === at ? draft : own)));
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title={start ? t('editNamed', { name: start.name }) : t('new')}>
        <div className="space-y-4">
          <TextField
            label={t('name')}
            maxLength={200}
            value={name}
            disabled={start !== null}
            onChange={(event) => setName(event.target.value)}
          />
          <Switch label={t('isForChat')} isOn={isForChat} onChange={setIsForChat} />
          <p className="text-muted-foreground text-xs">{t('weightHint')}</p>
          {drafts.map((draft, at) => (
            <QuestionFields
              key={at}
              number={at + 1}
              draft={draft}
              onChange={(changed) => replace(at, changed)}
              onRemove={() => setDrafts(drafts.filter((_, index) => index !== at))}
            />
          ))}
          <Button size="small" onClick={() => setDrafts([...drafts, draftOf(null)])}>
            {t('addQuestion')}
          </Button>
          {[save.error, fit.error].map(
            (error, at) =>
              error && (
                <Notice key={at} kind="error">
                  {sentenceOf(error)}
                </Notice>
              ),
          )}
          {fit.data && (
            <Notice kind="info">
              {t('fitted', {
                samples: fit.data.samples,
                before: metric(fit.data.errorBefore),
                after: metric(fit.data.errorAfter),
              })}
            </Notice>
          )}
          <div className="flex flex-wrap gap-2">
            <Button
              variant="primary"
              disabled={name.trim() === '' || questions.length === 0}
              isBusy={save.isPending}
              onClick={() => save.mutate({ name: name.trim(), questions, isForChat })}
            >
              {t('saveVersion')}
            </Button>
            {start && (
              <Button isBusy={fit.isPending} onClick={() => fit.mutate(start.id)}>
                {t('fit')}
              </Button>
            )}
          </div>
        </div>
      </Card>
      <Card title={t('preview')}>
        <Questions
          questions={questions}
          answers={answers}
          onAnswer={(id, answer) => setAnswers({ ...answers, [id]: answer })}
        />
      </Card>
    </div>
  );
}
