'use client';

// What a station of the loop says, as a sentence in the reader's language.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { useStageName } from '@/app/admin/runs/use-stage-name';
import type { StationView } from '@/core/cockpit/loop';

export function useStationSentence(): (station: StationView) => string {
  const t = useTranslations('cockpit.says');
  const because = useTranslations('rollout.because');
  const stageName = useStageName();
  const { percent, duration } = useFormats();
  return ({ says, values }) => {
    const { share, stage, progress, seconds, because: why, ...others } = values;
    const words = t(says, {
      ...others,
      ...(typeof share === 'number' && { share: percent(share) }),
      ...(typeof stage === 'string' && { stage: stageName(stage) }),
      ...(typeof progress === 'number' && { progress: percent(progress) }),
    } as never);
    const left =
      says === 'run_running' && typeof seconds === 'number' && seconds >= 0
        ? t('left', { time: duration(seconds) })
        : '';
    const reason = typeof why === 'string' && because.has(why as 'well') ? because(why as 'well') : '';
    return [words, left, reason].filter(Boolean).join(' ');
  };
}
