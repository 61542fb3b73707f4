'use client';

// How the difference between the arms became certain: its interval over time, with 0 and the smallest effect that matters.
import { useTranslations } from 'next-intl';
import { Area, CartesianGrid, ComposedChart, Line, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from 'recharts';
import { useFormats } from '@/app/admin/format';
import type { FindingsData } from '@/app/admin/types';

const AXIS = { fontSize: 11, fill: 'var(--muted-foreground)' };
/** Wider ones say nothing yet, and would flatten the rest. */
const WIDEST = 0.5;
const clip = (value: number) => Math.min(WIDEST, Math.max(-WIDEST, value));

export function IntervalChart({ past, smallestEffect }: { past: FindingsData['past']; smallestEffect: number }) {
  const t = useTranslations('experiments');
  const { percent } = useFormats();
  const points = past.map(({ people, effect, low, high }) => ({
    ...{ people: Math.round(people), effect: clip(effect), range: [clip(low), clip(high)] },
  }));
  return (
    <figure>
      <figcaption>
        <p className="font-medium text-sm">{t('overTime')}</p>
        <p className="mt-0.5 max-w-3xl text-muted-foreground text-xs">{t('overTimeText')}</p>
      </figcaption>
      {/* The newest numbers stand beside it. */}
      <div aria-hidden className="h-48 pt-2">
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 320, height: 192 }}>
          <ComposedChart data={points} margin={{ top: 4, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid stroke="var(--border)" strokeDasharray="2 4" vertical={false} />
            <XAxis
              dataKey="people"
              type="number"
              domain={['dataMin', 'dataMax']}
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              height={20}
            />
            <YAxis
              width="auto"
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              tickCount={5}
              domain={['auto', 'auto']}
              tickFormatter={percent}
            />
            <Area
              dataKey="range"
              stroke="none"
              fill="var(--primary)"
              fillOpacity={0.18}
              isAnimationActive={false}
              activeDot={false}
            />
            <Line
              dataKey="effect"
              stroke="var(--primary)"
              strokeWidth={2}
              dot={points.length < 3}
              isAnimationActive={false}
            />
            <ReferenceLine y={0} stroke="var(--foreground)" />
            <ReferenceLine y={smallestEffect} stroke="var(--muted-foreground)" strokeDasharray="6 4" />
          </ComposedChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
