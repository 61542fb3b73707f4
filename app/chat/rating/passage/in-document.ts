'use client';

// Finds an answer's passages on the page: which one is selected, and the ranges to highlight for a marked one.
import type { Span } from '@/core/feedback/kinds';
import { locatePieces, trimSpan } from './locate';

/** Names of controls inside the answer, such as a code block's copy button, are not its text. */
const NOT_TEXT = 'button, [aria-hidden="true"], .sr-only';

function locateTexts(answer: HTMLElement, markdown: string) {
  const walker = document.createTreeWalker(answer, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement?.closest(NOT_TEXT) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const nodes: Text[] = [];
  while (walker.nextNode()) nodes.push(walker.currentNode as Text);
  const places = locatePieces(
    nodes.map(({ data }) => data),
    markdown,
  );
  return nodes.map((node, i) => ({ node, ...places[i]! }));
}

/** The part of the answer that is selected, in the markdown's offsets; null if none of it is. */
export function selectedSpan(answer: HTMLElement, markdown: string): Span | null {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  if (!range.intersectsNode(answer)) return null;
  const parts = locateTexts(answer, markdown).flatMap(({ node, start, end, isExact }) => {
    if (!range.intersectsNode(node)) return [];
    const from = node === range.startContainer ? range.startOffset : 0;
    const to = node === range.endContainer ? range.endOffset : node.length;
    if (from >= to) return [];
    return isExact ? { start: start + from, end: start + to } : { start, end };
  });
  const start = Math.min(...parts.map((part) => part.start));
  const end = Math.max(...parts.map((part) => part.end));
  return parts.length === 0 ? null : trimSpan({ start, end }, markdown);
}

/** The ranges of the page in which a passage is drawn. */
export function rangesOf(answer: HTMLElement, markdown: string, span: Span): Range[] {
  return locateTexts(answer, markdown).flatMap(({ node, start, end, isExact }) => {
    const from = Math.max(span.start, start);
    const to = Math.min(span.end, end);
    if (!isExact || from >= to) return [];
    const range = document.createRange();
    range.setStart(node, from - start);
    range.setEnd(node, to - start);
    return range;
  });
}
