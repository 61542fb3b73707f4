'use client';

// One judge: what it is, what it may do, what it does now, its figures and what it has spent.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useId, useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { ChangeJudge } from '@/app/admin/judges/change-judge';
import { Figures } from '@/app/admin/judges/figures';
import type { JudgeData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';

interface JudgeCardProps {
  judge: JudgeData;
  constitutionVersion: number | null;
}

export function JudgeCard({ judge, constitutionVersion }: JudgeCardProps) {
  const t = useTranslations('judges');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isEditing, setIsEditing] = useState(false);
  const act = useMutation(
    trpc.judge.setActivity.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.judge.list.queryKey() }),
    }),
  );
  const { id, name, activity, mayLabel } = judge;
  const isIdle = activity === 'idle';
  const isMeasured = judge.measurements.length > 0;
  const obstacle = isIdle ? obstacleOf(judge, constitutionVersion) : null;
  const obstacleId = useId();
  return (
    <Card title={name} actions={<Badge tone={toneOf()}>{stateOf()}</Badge>}>
      <div className="space-y-4">
        <p className="break-words text-muted-foreground text-sm">
          {judge.endpoint ? t('atEndpoint', { model: judge.model, url: judge.endpoint.url }) : t('atHome')}
          {' · '}
          {judge.labels.map((kind) => t(`kinds.${kind}`)).join(' · ')}
        </p>
        {!isIdle && <Progress judge={judge} />}
        {judge.trouble && <Notice kind="warning">{t(`troubles.${judge.trouble}`)}</Notice>}
        <Figures judge={judge} constitutionVersion={constitutionVersion} />
        {judge.endpoint && <Spending endpoint={judge.endpoint} />}
        <p className="text-sm">{t('labelled', { count: judge.labelled })}</p>
        {act.error && <Notice kind="error">{sentenceOf(act.error)}</Notice>}
        <div className="flex flex-wrap gap-2">
          {isIdle ? (
            <>
              <Button
                aria-label={t(isMeasured ? 'measureAgainNamed' : 'measureNamed', { name })}
                disabled={constitutionVersion === null}
                isBusy={act.isPending}
                onClick={() => act.mutate({ id, activity: 'measure' })}
              >
                {t(isMeasured ? 'measureAgain' : 'measure')}
              </Button>
              <Button
                variant="primary"
                aria-label={t('startNamed', { name })}
                aria-describedby={obstacle ? obstacleId : undefined}
                disabled={!mayLabel}
                isBusy={act.isPending}
                onClick={() => act.mutate({ id, activity: 'label' })}
              >
                {t('start')}
              </Button>
            </>
          ) : (
            <Button
              aria-label={t('stopNamed', { name })}
              isBusy={act.isPending}
              onClick={() => act.mutate({ id, activity: 'idle' })}
            >
              {t('stop')}
            </Button>
          )}
          <Button
            aria-label={t('changeNamed', { name })}
            aria-expanded={isEditing}
            onClick={() => setIsEditing(!isEditing)}
          >
            {t('change')}
          </Button>
        </div>
        {obstacle && (
          <p id={obstacleId} className="text-muted-foreground text-sm">
            {t(`obstacles.${obstacle}`)}
          </p>
        )}
        {isEditing && <ChangeJudge judge={judge} onDone={() => setIsEditing(false)} />}
      </div>
    </Card>
  );

  function toneOf() {
    if (!isIdle) return 'busy';
    if (mayLabel) return 'good';
    // Nothing speaks against it yet: it is not measured, or on too few pairs.
    return obstacle === 'faults' ? 'bad' : 'plain';
  }

  function stateOf() {
    if (activity === 'measure') return t('measuring');
    if (activity === 'label') return t('labelling');
    return mayLabel ? t('mayLabel') : t('mayNotLabel');
  }
}

/** Why it may not label, as the key of a sentence. */
function obstacleOf({ mayLabel, measurements: [last] }: JudgeData, constitutionVersion: number | null) {
  if (mayLabel) return null;
  if (constitutionVersion === null) return 'principles';
  if (!last) return 'unmeasured';
  if (last.constitutionVersion !== constitutionVersion) return 'outdated';
  return last.faults.includes('pairs') ? 'pairs' : 'faults';
}

function Progress({ judge: { name, done, total } }: { judge: JudgeData }) {
  const t = useTranslations('judges');
  return (
    <div className="space-y-1">
      <progress
        aria-label={t('progressOf', { name })}
        className="block h-2 w-full appearance-none overflow-hidden rounded-full bg-muted [&::-moz-progress-bar]:bg-primary [&::-webkit-progress-bar]:bg-muted [&::-webkit-progress-value]:bg-primary"
        value={done}
        max={Math.max(1, total)}
      />
      <p className="text-muted-foreground text-xs tabular-nums">
        {total === 0 ? t('preparing') : t('progress', { done, total })}
      </p>
    </div>
  );
}

function Spending({ endpoint }: { endpoint: NonNullable<JudgeData['endpoint']> }) {
  const t = useTranslations('judges');
  const { metric } = useFormats();
  const { spent, calls, promptTokens, completionTokens, limits } = endpoint;
  return (
    <p className="text-sm tabular-nums">
      {t('spent', { spent: metric(spent), budget: metric(limits.budget), calls, mostCalls: limits.mostCalls })}{' '}
      <span className="text-muted-foreground">
        {t('tokens', { prompt: promptTokens, completion: completionTokens })}{' '}
        {t('prices', { prompt: metric(limits.promptPrice), completion: metric(limits.completionPrice) })}
      </span>
    </p>
  );
}
