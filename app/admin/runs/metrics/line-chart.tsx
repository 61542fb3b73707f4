'use client';

// The curve of one figure over the steps of a stage, with its normal band, and another run's curve to compare.
import { useTranslations } from 'next-intl';
import {
  CartesianGrid,
  Line,
  LineChart as Recharts,
  ReferenceArea,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { useFormats } from '@/app/admin/format';
import type { Curve } from './curves';
import type { Band } from './headline';

const AXIS = { fontSize: 11, fill: 'var(--muted-foreground)' };
const TOOLTIP = {
  background: 'var(--card)',
  border: '1px solid var(--border)',
  borderRadius: 10,
  color: 'var(--foreground)',
  fontSize: 12,
};

interface LineChartProps {
  title: string;
  points: Curve['points'];
  /** Of another run; empty without one. */
  others: Curve['points'];
  otherName: string;
  band?: Band | undefined;
}

export function LineChart({ title, points, others, otherName, band }: LineChartProps) {
  const t = useTranslations('admin');
  const { metric } = useFormats();
  const data = bySteps(points, others);
  const hasBand = band && (band.low !== null || band.high !== null);
  const dots = points.length < 3;
  return (
    // The numbers are in the table below.
    <div aria-hidden className="mt-auto h-36 pt-2">
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 320, height: 144 }}>
        <Recharts data={data} margin={{ top: 4, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid stroke="var(--border)" strokeDasharray="2 4" vertical={false} />
          {hasBand && (
            <ReferenceArea
              y1={band.low ?? undefined}
              y2={band.high ?? undefined}
              ifOverflow="hidden"
              fill="var(--primary)"
              fillOpacity={0.09}
            />
          )}
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
            formatter={(value, name) => [metric(Number(value)), name === 'other' ? otherName : title]}
            labelFormatter={(step) => `${t('step')} ${step}`}
            contentStyle={TOOLTIP}
          />
          {others.length > 0 && (
            <Line
              dataKey="other"
              connectNulls
              stroke="var(--chart-3)"
              strokeDasharray="5 3"
              strokeWidth={2}
              dot={others.length < 3}
              isAnimationActive={false}
            />
          )}
          <Line
            dataKey="value"
            connectNulls
            stroke="var(--primary)"
            strokeWidth={2}
            dot={dots}
            isAnimationActive={false}
          />
        </Recharts>
      </ResponsiveContainer>
    </div>
  );
}

/** One row a step, with the value of each run that measured it. */
export function bySteps(points: Curve['points'], others: Curve['points']) {
  const rows = new Map<number, { step: number; value?: number; other?: number }>();
  const rowOf = (step: number) => {
    const row = rows.get(step) ?? { step };
    rows.set(step, row);
    return row;
  };
  for (const { step, value } of points) rowOf(step).value = value;
  for (const { step, value } of others) rowOf(step).other = value;
  return [...rows.values()].sort((a, b) => a.step - b.step);
}
