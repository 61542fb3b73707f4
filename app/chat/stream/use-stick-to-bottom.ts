'use client';

// Keeps the newest text in view while the reader is at the end, and does not scroll once they have scrolled up.
import { type RefObject, useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';

/** Pixels from the end within which the reader counts as being there. */
const NEAR = 48;

export function useStickToBottom(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  /** An answer is being written. */
  isGrowing: boolean,
) {
  const isStuck = useRef(true);
  const [isAtEnd, setIsAtEnd] = useState(true);

  const jump = useCallback(
    (behavior: ScrollBehavior = 'instant') => {
      isStuck.current = true;
      setIsAtEnd(true);
      scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior });
    },
    [scroller],
  );

  // What opens under a person's hands, such as a panel about an answer, must not push that answer away.
  const isFollowing = useEffectEvent(
    () => isStuck.current && (isGrowing || !content.current?.contains(document.activeElement)),
  );
  useEffect(() => {
    const element = scroller.current;
    if (!element || !content.current) return;
    let lastTop = element.scrollTop;
    const onScroll = () => {
      const isNear = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
      // Growing text also fires scroll events; only a move upwards means that the reader left the end.
      if (element.scrollTop < lastTop && !isNear) isStuck.current = false;
      if (isNear) isStuck.current = true;
      lastTop = element.scrollTop;
      setIsAtEnd(isStuck.current);
    };
    const follow = new ResizeObserver(() => {
      if (isFollowing()) element.scrollTop = element.scrollHeight;
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
