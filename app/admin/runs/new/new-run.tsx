'use client';

// Starts a training run: a preset, changed settings if wanted, what is missing, and when it will start.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { parseObject } from '@/app/admin/parse-object';
import { PresetCards, useTimeSentence } from '@/app/admin/runs/new/preset-cards';
import { SettingsForm } from '@/app/admin/runs/new/settings-form';
import { useProblem } from '@/app/admin/runs/new/use-problem';
import { VotesAtHand } from '@/app/admin/runs/new/votes-at-hand';
import type { RunOptionsData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { usePaused } from '@/app/lib/use-paused';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextArea } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { configOf, type Draft, draftOf, type Settings } from './draft';

const EXAMPLE = '{"preset": "demo-cpu"}';

export function NewRun({ repeat }: { repeat: string | null }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.runOptions.queryOptions({ repeat }, { refetchOnWindowFocus: false }));
  return <Loaded query={query}>{(options) => <OrderForm options={options} />}</Loaded>;
}

function OrderForm({ options }: { options: RunOptionsData }) {
  const t = useTranslations('newRun');
  const sentenceOf = useErrorSentence();
  const problemSentence = useProblem();
  const router = useRouter();
  const trpc = useTRPC();
  const client = useQueryClient();
  const { fields, presets, config: repeated } = options;
  const settingsOf = (preset: string | null): Settings => presets.find(({ name }) => name === preset)?.settings ?? {};
  const [draft, setDraft] = useState<Draft>(
    () => (repeated && draftOf(repeated, fields)) ?? { preset: options.advised, seed: '', changes: {} },
  );
  // An order for which the form has no field, such as one of another release, is shown as it was.
  const [json, setJson] = useState<string | null>(() =>
    repeated && !draftOf(repeated, fields) ? JSON.stringify(repeated, null, 2) : null,
  );
  const typed = json === null ? configOf(draft, fields, settingsOf(draft.preset)) : parseObject(json);
  const asked = usePaused(JSON.stringify(typed));
  const check = useQuery(
    trpc.admin.checkRun.queryOptions(
      { config: (JSON.parse(asked) as Settings | null) ?? {} },
      { placeholderData: keepPreviousData, enabled: typed !== null },
    ),
  );
  const start = useMutation(
    trpc.admin.startRun.mutationOptions({
      onSuccess: ({ id }) => {
        void client.invalidateQueries({ queryKey: trpc.admin.runs.queryKey() });
        router.push(`/admin/runs/${id}`);
      },
    }),
  );
  const problems = typed === null ? [] : (check.data?.problems ?? []);
  const fieldOf = new Map(fields.map((field) => [field.name, field]));
  const byField = new Map(
    problems.map((problem) => [problem.path, problemSentence(problem, fieldOf.get(problem.path))]),
  );
  const isShown = (path: string) => json === null && (path === 'seed' || fieldOf.has(path));
  const elsewhere = problems.filter(({ path }) => !isShown(path));
  const toForm = () => {
    const read = typed && draftOf(typed, fields);
    if (!read) return;
    setDraft(read);
    setJson(null);
  };
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed) start.mutate({ config: typed });
      }}
    >
      <PresetCards
        options={options}
        preset={json === null ? draft.preset : null}
        onChange={(preset) => {
          setJson(null);
          setDraft({ ...draft, preset });
        }}
      />
      <Card title={t('atHand')}>
        <VotesAtHand options={options} />
      </Card>
      <Card
        title={t('settings')}
        actions={
          json === null ? (
            <Button size="small" onClick={() => setJson(JSON.stringify(typed, null, 2))}>
              {t('asJson')}
            </Button>
          ) : (
            <Button size="small" disabled={!typed || !draftOf(typed, fields)} onClick={toForm}>
              {t('asForm')}
            </Button>
          )
        }
      >
        {json === null ? (
          <SettingsForm
            fields={fields}
            preset={settingsOf(draft.preset)}
            draft={draft}
            problems={byField}
            onChange={setDraft}
          />
        ) : (
          <TextArea
            label={t('json')}
            hint={t('jsonHint', { example: EXAMPLE })}
            error={typed ? null : t('jsonBad', { example: EXAMPLE })}
            rows={10}
            spellCheck={false}
            className="font-mono"
            value={json}
            onChange={({ target }) => setJson(target.value)}
          />
        )}
      </Card>
      <div className="sticky bottom-0 z-10 -mx-1 space-y-3 bg-background px-1 py-3">
        {elsewhere.length > 0 && (
          <Notice kind="warning">
            {elsewhere
              .map((problem) =>
                problem.path ? `${problem.path}: ${problemSentence(problem)}` : problemSentence(problem),
              )
              .join('\n')}
          </Notice>
        )}
        {start.error && <Notice kind="error">{sentenceOf(start.error)}</Notice>}
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button type="submit" variant="primary" disabled={!typed || problems.length > 0} isBusy={start.isPending}>
            <Play aria-hidden className="size-4" />
            {t('start')}
          </Button>
          <p aria-live="polite" className="text-muted-foreground text-sm">
            {problems.length > elsewhere.length
              ? t('problemsAbove', { count: problems.length - elsewhere.length })
              : problems.length === 0 && (
                  <Expected estimate={check.data?.estimate ?? null} preset={draft.preset} options={options} />
                )}
          </p>
        </div>
      </div>
    </form>
  );
}

/** How long the run will take, and when it would start. */
function Expected({
  estimate,
  preset,
  options,
}: {
  estimate: RunOptionsData['presets'][number]['estimate'];
  preset: string | null;
  options: RunOptionsData;
}) {
  const t = useTranslations('newRun');
  const timeSentence = useTimeSentence();
  const { duration } = useFormats();
  const trpc = useTRPC();
  const queue = useQuery(trpc.admin.runQueue.queryOptions()).data ?? [];
  const last = queue.at(-1);
  const measured = options.presets.find(({ name }) => name === preset)?.measured ?? null;
  return (
    <>
      {timeSentence(estimate, measured)}{' '}
      {last &&
        (last.endsIn === null
          ? t('startsAfter', { count: queue.length })
          : t('startsIn', { count: queue.length, time: duration(last.endsIn) }))}
    </>
  );
}
