// A state in one word: the colour repeats what the word says.
import { clsx } from 'clsx';
import type { ReactNode } from 'react';

const TONES = {
  good: 'bg-primary-soft text-primary-strong',
  bad: 'bg-danger-soft text-danger',
  busy: 'bg-warning-soft text-warning',
  plain: 'bg-muted text-muted-foreground',
} as const;
export type Tone = keyof typeof TONES;

export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span
      className={clsx(
        'inline-flex h-6 items-center gap-1.5 whitespace-nowrap rounded-full px-2.5 font-medium text-xs',
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}
