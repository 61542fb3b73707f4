'use client';

// A part of a text with what a rule hit in it marked.
import { Quoted } from '@/app/admin/quoted';
import type { ExcerptData } from '@/app/admin/types';

export function Excerpt({ excerpt, label }: { excerpt: ExcerptData; label: string }) {
  const { text, start, end, isCutBefore, isCutAfter } = excerpt;
  return (
    <Quoted text={text} label={label}>
      {isCutBefore && '… '}
      {text.slice(0, start)}
      <mark className="rounded bg-warning-soft px-0.5 text-foreground">{text.slice(start, end)}</mark>
      {text.slice(end)}
      {isCutAfter && ' …'}
    </Quoted>
  );
}
