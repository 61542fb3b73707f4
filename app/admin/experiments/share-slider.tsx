'use client';

// A slider for a share of the users between 0 and 100 %.
import { useTranslations } from 'next-intl';
import { Slider } from 'radix-ui';
import { useFormats } from '@/app/admin/format';

interface ShareSliderProps {
  /** 0..1 */
  share: number;
  label: string;
  describe?: (percent: string) => string;
  onChange: (share: number) => void;
}

export function ShareSlider({ share, label, describe, onChange }: ShareSliderProps) {
  const t = useTranslations('admin');
  const { percent } = useFormats();
  const sentence = describe ? describe(percent(share)) : t('shareOf', { percent: percent(share) });
  return (
    <div className="space-y-2.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="font-medium text-sm">{label}</span>
        <span className="text-muted-foreground text-sm tabular-nums">{sentence}</span>
      </div>
      <Slider.Root
        value={[Math.round(share * 100)]}
        max={100}
        step={1}
        onValueChange={([value = 0]) => onChange(value / 100)}
        className="relative flex h-5 touch-none select-none items-center"
      >
        <Slider.Track className="relative h-1.5 grow rounded-full bg-input/35">
          <Slider.Range className="absolute h-full rounded-full bg-primary" />
        </Slider.Track>
        <Slider.Thumb
          aria-label={label}
          aria-valuetext={sentence}
          className="block size-5 rounded-full border-2 border-primary bg-background shadow-sm"
        />
      </Slider.Root>
    </div>
  );
}
