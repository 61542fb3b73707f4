'use client';

// Keeps the newest text in view while the reader is at the end, and does not scroll once they have scrolled elsewhere.
import { type RefObject, useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';

/** Pixels from the end within which the reader counts as being there. */
const NEAR = 48;
/** Following the text stops where this element reaches the top: its labels say what the text below is. */
const HOLD = '[data-hold-top]';
/** Pixels that stay free above it. */
const MARGIN = 8;

export function useStickToBottom(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  /** An answer is being written. */
  isGrowing: boolean,
) {
  const isStuck = useRef(true);
  /** The element that the reader has gone past. */
  const passed = useRef<Element | null>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);

  const jump = useCallback(
    (behavior: ScrollBehavior = 'instant') => {
      isStuck.current = true;
      passed.current = content.current?.querySelector(HOLD) ?? null;
      setIsAtEnd(true);
      scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior });
    },
    [scroller, content],
  );

  // What opens under a person's hands, such as a panel about an answer, must not push that answer away.
  const isFollowing = useEffectEvent(
    () => isStuck.current && (isGrowing || !content.current?.contains(document.activeElement)),
  );
  useEffect(() => {
    const element = scroller.current;
    if (!element || !content.current) return;
    const area = content.current;
    let lastTop = element.scrollTop;
    const end = () => element.scrollHeight - element.clientHeight;
    const isNearEnd = () => end() - element.scrollTop < NEAR;
    /** How far following may scroll. */
    const limit = () => {
      const held = area.querySelector(HOLD);
      if (!held || held === passed.current) return Number.POSITIVE_INFINITY;
      const top = held.getBoundingClientRect().top - element.getBoundingClientRect().top + element.scrollTop;
      return Math.max(0, Math.floor(top - MARGIN));
    };
    const onScroll = () => {
      const isNear = isNearEnd();
      const most = limit();
      const isPast = element.scrollTop > most + 1;
      // Growing text also fires scroll events; only a move upwards, or past what is held, means that the reader left.
      if ((element.scrollTop < lastTop || isPast) && !isNear) isStuck.current = false;
      if (isPast) passed.current = area.querySelector(HOLD);
      if (isNear) isStuck.current = true;
      lastTop = element.scrollTop;
      setIsAtEnd(isStuck.current && (isNear || most === Number.POSITIVE_INFINITY));
    };
    const follow = new ResizeObserver(() => {
      // The text may grow before the event of the reader's own scrolling has arrived.
      if (element.scrollTop < lastTop && !isNearEnd()) isStuck.current = false;
      if (!isFollowing()) return;
      const most = limit();
      if (element.scrollTop > most) return;
      element.scrollTop = Math.min(end(), most);
      lastTop = element.scrollTop;
      setIsAtEnd(isNearEnd());
    });
    element.addEventListener('scroll', onScroll, { passive: true });
    follow.observe(content.current);
    follow.observe(element);
    return () => {
      element.removeEventListener('scroll', onScroll);
      follow.disconnect();
    };
  }, [scroller, content]);

  return { isAtEnd, jump };
}
