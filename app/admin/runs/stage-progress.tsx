'use client';

// The stages of a run as one bar: the state of each, and how far the current stage and the run have come.
import { clsx } from 'clsx';
import { Ban, Check, Circle, CircleDot, type LucideIcon, Minus, TriangleAlert, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { type StageState, stageStates } from '@/app/admin/runs/stage-states';
import { useStageName } from '@/app/admin/runs/use-stage-name';
import type { RunDetail } from '@/app/admin/types';
import { RUN_STAGES } from '@/core/contract';

/** A shape for each state, because some people cannot tell the colours apart. */
const ICONS: Record<StageState, LucideIcon> = {
  done: Check,
  current: CircleDot,
  waiting: Circle,
  failed: TriangleAlert,
  cancelled: Ban,
  refused: X,
  withheld: Minus,
};

/** States shown in words, because a run ended there; the others have only shapes, and words for screen readers. */
const SAID: readonly StageState[] = ['failed', 'cancelled', 'refused', 'withheld'];

interface StageProgressProps {
  run: RunDetail;
  /** Seconds until the whole run ends, as runs of the past tell; null while unknown. */
  endsIn: number | null;
}

export function StageProgress({ run, endsIn }: StageProgressProps) {
  const t = useTranslations('admin');
  const stageName = useStageName();
  const stages = run.plan?.stages ?? RUN_STAGES;
  const states = stageStates(stages, run);
  return (
    <div className="mt-5">
      <ol className="grid grid-cols-2 gap-x-1.5 gap-y-3 sm:auto-cols-fr sm:grid-flow-col sm:grid-cols-none">
        {stages.map((stage, index) => {
          const state = states[index]!;
          const Icon = ICONS[state];
          const isBad = state === 'failed' || state === 'refused';
          return (
            <li key={stage} aria-current={state === 'current' ? 'step' : undefined} className="min-w-0">
              <Bar state={state} share={run.progress} isGood={run.status === 'done' || run.status === 'running'} />
              <p
                className={clsx(
                  'mt-1.5 flex items-start gap-1 text-xs',
                  isBad ? 'font-medium text-danger' : state === 'current' ? 'font-medium' : 'text-muted-foreground',
                )}
              >
                <Icon aria-hidden className="mt-px size-3.5 shrink-0" />
                <span>
                  {stageName(stage)}
                  <span className={SAID.includes(state) ? 'block' : 'sr-only'}> {t(`stageStates.${state}`)}</span>
                </span>
              </p>
            </li>
          );
        })}
      </ol>
      {run.status === 'running' && (
        <Progress run={run} endsIn={endsIn} number={states.indexOf('current') + 1} total={stages.length} />
      )}
    </div>
  );
}

/** The bars of a run that ended without a version to release are grey, because it achieved nothing. */
function Bar({ state, share, isGood }: { state: StageState; share: number; isGood: boolean }) {
  const width = state === 'current' ? share : state === 'waiting' || state === 'withheld' ? 0 : 1;
  return (
    <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-muted">
      <div
        className={clsx(
          'h-full rounded-full transition-[width] duration-500',
          state === 'failed' || state === 'refused' ? 'bg-danger' : isGood ? 'bg-primary' : 'bg-input/60',
        )}
        style={{ width: `${width * 100}%` }}
      />
    </div>
  );
}

/** Two lines: the trainer estimates what is left of the stage, and runs of the past what is left of the run. */
function Progress({ run, endsIn, number, total }: StageProgressProps & { number: number; total: number }) {
  const t = useTranslations('admin');
  const { percent, duration } = useFormats();
  const stageName = useStageName();
  const { stage, progress, secondsLeft, startedAt } = run;
  return (
    <dl className="mt-4 space-y-1 text-sm tabular-nums">
      {stage && (
        <div className="flex flex-wrap gap-x-2">
          <dt className="text-muted-foreground">{t('progressStage', { stage: stageName(stage) })}</dt>
          <dd>
            {percent(progress)}
            {secondsLeft !== null && ` · ${t('secondsLeft', { time: duration(secondsLeft) })}`}
          </dd>
        </div>
      )}
      <div className="flex flex-wrap gap-x-2">
        <dt className="text-muted-foreground">{t('progressRun')}</dt>
        <dd>
          {t('stageOf', { number, total })}
          {startedAt && ` · ${t('runningFor', { time: duration((Date.now() - startedAt.getTime()) / 1000) })}`}
          {endsIn !== null && ` · ${t('runLeft', { time: duration(endsIn) })}`}
        </dd>
      </div>
    </dl>
  );
}
