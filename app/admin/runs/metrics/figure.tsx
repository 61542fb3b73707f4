'use client';

// A figure that was measured once: its name, its value and what it means.
import { useFormats } from '@/app/admin/format';
import type { Curve } from './curves';
import { RawName } from './raw-name';
import { useMetricWords } from './use-metric-words';

export function Figure({ stage, curve }: { stage: string; curve: Curve }) {
  const { metric } = useFormats();
  const { title, text } = useMetricWords()(stage, curve.name);
  return (
    <div className="min-w-0">
      <dt className="text-sm [overflow-wrap:anywhere]">{title}</dt>
      <dd className="mt-0.5 font-semibold text-xl tabular-nums">{metric(curve.points[0]!.value)}</dd>
      <dd className="mt-0.5 text-muted-foreground text-xs">
        {text}
        <RawName curve={curve} />
      </dd>
    </div>
  );
}
