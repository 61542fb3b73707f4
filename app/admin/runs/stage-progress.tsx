'use client';

// The stages of a run as one bar: done, under way with its share, and still to come.
import { clsx } from 'clsx';
import { Check } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Progress } from 'radix-ui';
import { formatSeconds, useFormats } from '@/app/admin/format';
import { useStageName } from '@/app/admin/runs/use-stage-name';
import type { RunData, RunDetail } from '@/app/admin/types';
import { RUN_STAGES } from '@/core/contract';

/** Those that a run goes through: imitation and policy optimisation may be left out. */
const stagesOf = ({ config }: RunDetail) =>
  RUN_STAGES.filter((stage) => (stage === 'sft' ? config.sft : stage !== 'ppo' || config.algorithm !== null));

/** 0..1 for every stage. A run that ended well finished all; one that ended otherwise stays where it was. */
function shareOf(index: number, stages: readonly (string | null)[], run: RunData): number {
  const current = stages.indexOf(run.stage);
  if (run.status === 'done' || index < current) return 1;
  return index === current ? run.progress : 0;
}

export function StageProgress({ run }: { run: RunDetail }) {
  const t = useTranslations('admin');
  const { percent } = useFormats();
  const stageName = useStageName();
  const stages = stagesOf(run);
  const isRunning = run.status === 'running';
  return (
    <div className="mt-5">
      <ol className="grid grid-cols-3 gap-x-1.5 gap-y-3 sm:auto-cols-fr sm:grid-flow-col sm:grid-cols-none">
        {stages.map((stage, index) => {
          const share = shareOf(index, stages, run);
          const isCurrent = isRunning && run.stage === stage;
          return (
            <li key={stage} aria-current={isCurrent ? 'step' : undefined}>
              <Progress.Root
                value={share * 100}
                aria-label={t('progress', { stage: stageName(stage) })}
                className="h-1.5 overflow-hidden rounded-full bg-muted"
              >
                <Progress.Indicator
                  className="h-full rounded-full bg-primary transition-[width] duration-500"
                  style={{ width: `${share * 100}%` }}
                />
              </Progress.Root>
              <p
                className={clsx(
                  'mt-1.5 flex items-center gap-1 text-xs',
                  isCurrent ? 'font-medium' : 'text-muted-foreground',
                )}
              >
                {share === 1 && <Check aria-hidden className="size-3.5 text-primary" />}
                {stageName(stage)}
              </p>
            </li>
          );
        })}
      </ol>
      {isRunning && (
        <p className="mt-3 text-muted-foreground text-sm tabular-nums">
          {percent(run.progress)}
          {run.secondsLeft !== null && ` · ${t('secondsLeft', { time: formatSeconds(run.secondsLeft) })}`}
        </p>
      )}
    </div>
  );
}
