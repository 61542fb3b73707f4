'use client';

// One figure over the steps of a stage: its name, its newest value, what it means, and its curve.
import { useTranslations } from 'next-intl';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { useFormats } from '@/app/admin/format';
import type { Curve } from './curves';
import { RawName } from './raw-name';
import { useMetricWords } from './use-metric-words';

const AXIS = { fontSize: 11, fill: 'var(--muted-foreground)' };

export function Chart({ stage, curve }: { stage: string; curve: Curve }) {
  const t = useTranslations('admin');
  const { metric } = useFormats();
  const { title, text } = useMetricWords()(stage, curve.name);
  const { points } = curve;
  const last = points.at(-1);
  return (
    <figure className="flex min-w-0 flex-col">
      <figcaption>
        <p className="flex items-baseline justify-between gap-2 text-sm">
          <span className="font-medium [overflow-wrap:anywhere]">{title}</span>
          {last && (
            <span className="shrink-0 text-muted-foreground tabular-nums">
              {t('latest', { value: metric(last.value) })}
            </span>
          )}
        </p>
        <p className="mt-0.5 text-muted-foreground text-xs">
          {text}
          <RawName curve={curve} />
        </p>
      </figcaption>
      {/* The numbers are in the table below. */}
      <div aria-hidden className="mt-auto h-36 pt-2">
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 320, height: 144 }}>
          <LineChart data={points} margin={{ top: 4, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid stroke="var(--border)" strokeDasharray="2 4" vertical={false} />
            <XAxis
              dataKey="step"
              type="number"
              allowDecimals={false}
              domain={['dataMin', 'dataMax']}
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              minTickGap={24}
              height={20}
            />
            <YAxis
              width="auto"
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              tickCount={4}
              domain={['auto', 'auto']}
              tickFormatter={metric}
            />
            <Tooltip
              isAnimationActive={false}
              formatter={(value) => [metric(Number(value)), title]}
              labelFormatter={(step) => `${t('step')} ${step}`}
              contentStyle={{
                background: 'var(--card)',
                border: '1px solid var(--border)',
                borderRadius: 10,
                color: 'var(--foreground)',
                fontSize: 12,
              }}
            />
            <Line
              dataKey="value"
              stroke="var(--primary)"
              strokeWidth={2}
              dot={points.length < 3}
              isAnimationActive={false}
            />
          </LineChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
