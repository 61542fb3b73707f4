'use client';

// One figure of a run: its name, its newest value, what it means, its curve, and its numbers as a table.
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { Cell, Table } from '@/app/ui/table';
import type { Compared } from './compared';
import type { Curve } from './curves';
import type { Band } from './headline';
import { bySteps, LineChart } from './line-chart';
import { RawName } from './raw-name';
import { useMetricWords } from './use-metric-words';

interface ChartProps {
  stage: string;
  curve: Curve;
  compared: Compared | null;
  /** In place of the words of the catalogue. */
  words?: { title: string; text: ReactNode };
  band?: Band;
  /** Beside the newest value. */
  badge?: ReactNode;
}

export function Chart({ stage, curve, compared, words, band, badge }: ChartProps) {
  const t = useTranslations('admin');
  const { metric } = useFormats();
  const { title, text } = { ...useMetricWords()(stage, curve.name), ...words };
  const { points } = curve;
  const last = points.at(-1);
  const others = compared?.pointsOf(stage, curve.name) ?? [];
  return (
    <figure className="flex min-w-0 flex-col">
      <figcaption>
        <p className="flex flex-wrap items-baseline justify-between gap-x-2 text-sm">
          <span className="font-medium [overflow-wrap:anywhere]">{title}</span>
          <span className="shrink-0 text-muted-foreground tabular-nums">
            {last && t('latest', { value: metric(last.value) })}
          </span>
        </p>
        {badge}
        <p className="mt-0.5 text-muted-foreground text-xs leading-relaxed">
          {text}
          <RawName curve={curve} />
        </p>
      </figcaption>
      <LineChart title={title} points={points} others={others} otherName={compared?.name ?? ''} band={band} />
      <Numbers title={title} points={points} others={others} otherName={compared?.name ?? ''} />
    </figure>
  );
}

interface NumbersProps {
  title: string;
  points: Curve['points'];
  others: Curve['points'];
  otherName: string;
}

function Numbers({ title, points, others, otherName }: NumbersProps) {
  const t = useTranslations('admin');
  const { metric } = useFormats();
  const [isOpen, setIsOpen] = useState(false);
  const say = (value: number | undefined) => (value === undefined ? '–' : metric(value));
  return (
    <details className="mt-1" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary className="w-fit rounded text-primary-strong text-xs">
        {t('asTable')}
        <span className="sr-only">: {title}</span>
      </summary>
      {isOpen && (
        <div className="mt-2 max-h-72 overflow-y-auto">
          <Table caption={title} head={[t('step'), t('thisRun'), ...(others.length > 0 ? [otherName] : [])]}>
            {bySteps(points, others).map(({ step, value, other }) => (
              <tr key={step} className="tabular-nums">
                <Cell>{step}</Cell>
                <Cell>{say(value)}</Cell>
                {others.length > 0 && <Cell>{say(other)}</Cell>}
              </tr>
            ))}
          </Table>
        </div>
      )}
    </details>
  );
}
