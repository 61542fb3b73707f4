'use client';

// The path of a run over reward and cost, from its first step to its last, with the cost that is allowed.
import { useTranslations } from 'next-intl';
import { CartesianGrid, ReferenceLine, ResponsiveContainer, Scatter, ScatterChart, XAxis, YAxis } from 'recharts';
import { useFormats } from '@/app/admin/format';
import type { RewardCost } from './reward-cost';

const AXIS = { fontSize: 11, fill: 'var(--muted-foreground)' };

export function RewardCostChart({ of: { constraint, target, points } }: { of: RewardCost }) {
  const t = useTranslations('admin.rewardCost');
  const { metric } = useFormats();
  const [first, last] = [points[0]!, points.at(-1)!];
  const costs = [...points.map(({ cost }) => cost), ...(target === null ? [] : [target])];
  const domain = [Math.min(0, ...costs), Math.max(...costs)];
  return (
    <figure className="min-w-0">
      <figcaption className="text-sm">
        <p className="truncate font-medium" title={constraint}>
          {t('title', { constraint })}
        </p>
        <p className="text-muted-foreground text-xs tabular-nums">
          {t('path', {
            cost: metric(first.cost),
            reward: metric(first.reward),
            lastCost: metric(last.cost),
            lastReward: metric(last.reward),
          })}
        </p>
        {target !== null && (
          <p className="text-muted-foreground text-xs tabular-nums">{t('target', { target: metric(target) })}</p>
        )}
      </figcaption>
      {/* The numbers are in the table below. */}
      <div aria-hidden className="mt-2 h-36">
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 320, height: 144 }}>
          <ScatterChart margin={{ top: 4, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid stroke="var(--border)" strokeDasharray="2 4" />
            <XAxis
              type="number"
              dataKey="cost"
              domain={domain}
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              tickCount={4}
              tickFormatter={metric}
              height={20}
            />
            <YAxis
              type="number"
              dataKey="reward"
              width="auto"
              domain={['auto', 'auto']}
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              tickCount={4}
              tickFormatter={metric}
            />
            {target !== null && <ReferenceLine x={target} stroke="var(--danger)" strokeDasharray="4 3" />}
            <Scatter
              data={points}
              line={{ stroke: 'var(--primary)', strokeWidth: 1.5 }}
              isAnimationActive={false}
              shape={({ cx, cy, payload }: { cx?: number; cy?: number; payload?: { step: number } }) => (
                <circle cx={cx} cy={cy} r={payload?.step === last.step ? 5 : 2.5} fill="var(--primary)" />
              )}
            />
          </ScatterChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
