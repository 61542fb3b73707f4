'use client';

// Ratings as dots with their 95 % intervals as lines, best first; the numbers are in the table above it.
import {
  CartesianGrid,
  ErrorBar,
  ReferenceLine,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  XAxis,
  YAxis,
} from 'recharts';
import type { LeaderboardData } from '@/app/admin/types';

const AXIS = { fontSize: 11, fill: 'var(--muted-foreground)' };
const ROW_HEIGHT = 36;
const AXIS_HEIGHT = 28;
const LONGEST_NAME = 16;
/** The mean of all ratings. */
const MEAN = 1000;

const STEPS = [25, 50, 100, 200, 500, 1000];
const MOST_STEPS = 7;

const shorten = (name: string) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name);

/** Round numbers from below all values to above them, at most nine, with the mean among them. */
function ticksOver(values: readonly number[]): number[] {
  const [low, high] = [Math.min(MEAN, ...values), Math.max(MEAN, ...values)];
  const step = STEPS.find((size) => (high - low) / size <= MOST_STEPS) ?? STEPS.at(-1)!;
  const first = Math.floor((low - MEAN) / step);
  const last = Math.ceil((high - MEAN) / step);
  return Array.from({ length: last - first + 1 }, (_, i) => MEAN + (first + i) * step);
}

export function ForestChart({ versions }: { versions: LeaderboardData['versions'] }) {
  const points = versions.map(({ versionId, rating: { value, low, high } }) => ({
    name: versionId,
    rating: value,
    reach: [value - low, high - value],
  }));
  const ticks = ticksOver(versions.flatMap(({ rating: { low, high } }) => [low, high]));
  const domain = [ticks[0]!, ticks.at(-1)!];
  const height = AXIS_HEIGHT + ROW_HEIGHT * points.length;
  return (
    <div aria-hidden style={{ height }}>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 320, height }}>
        <ScatterChart margin={{ top: 4, right: 12, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid stroke="var(--border)" strokeDasharray="2 4" horizontal={false} />
          <XAxis
            type="number"
            dataKey="rating"
            domain={domain}
            ticks={ticks}
            tick={AXIS}
            tickLine={false}
            axisLine={false}
            height={20}
          />
          <YAxis
            type="category"
            dataKey="name"
            reversed
            width={112}
            tick={AXIS}
            tickLine={false}
            axisLine={false}
            interval={0}
            tickFormatter={shorten}
          />
          <ReferenceLine x={MEAN} stroke="var(--muted-foreground)" strokeDasharray="4 4" />
          <Scatter data={points} fill="var(--primary)" isAnimationActive={false}>
            <ErrorBar
              dataKey="reach"
              direction="x"
              width={5}
              stroke="var(--primary)"
              strokeWidth={2}
              isAnimationActive={false}
            />
          </Scatter>
        </ScatterChart>
      </ResponsiveContainer>
    </div>
  );
}
