'use client';

// Watches for a passage that a person selects in an answer, and shows the passages that are marked in it.
import { type RefObject, useEffect, useEffectEvent } from 'react';
import type { Span } from '@/core/feedback/kinds';
import { rangesOf, selectedSpan } from './in-document';

export type AnswerElement = RefObject<HTMLElement | null>;

/** A selection counts when it has not changed for so long: on a touch screen its ends are moved one after the other. */
const SETTLED_MS = 400;

/** Calls `onSelect` while `isOn`. */
export function useSelectedPassage(
  answer: AnswerElement,
  markdown: string,
  isOn: boolean,
  onSelect: (span: Span) => void,
): void {
  const take = useEffectEvent(() => {
    const span = answer.current && selectedSpan(answer.current, markdown);
    if (span) onSelect(span);
  });
  useEffect(() => {
    if (!isOn) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(take, SETTLED_MS);
    };
    document.addEventListener('selectionchange', wait);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('selectionchange', wait);
    };
  }, [isOn]);
}

/** The stylesheet gives this highlight its look. A browser without highlights shows only the quotation in the panel. */
const HIGHLIGHT = 'marked-passage';

function highlight(): Highlight | null {
  if (typeof CSS === 'undefined' || !('highlights' in CSS)) return null;
  const existing = CSS.highlights.get(HIGHLIGHT);
  if (existing) return existing;
  const created = new Highlight();
  CSS.highlights.set(HIGHLIGHT, created);
  return created;
}

export function useMarkedPassages(answer: AnswerElement, markdown: string, spans: readonly Span[]): void {
  const key = JSON.stringify(spans);
  useEffect(() => {
    const shown = highlight();
    if (!shown || !answer.current) return;
    const element = answer.current;
    const ranges = (JSON.parse(key) as Span[]).flatMap((span) => rangesOf(element, markdown, span));
    for (const range of ranges) shown.add(range);
    return () => {
      for (const range of ranges) shown.delete(range);
    };
  }, [answer, markdown, key]);
}
