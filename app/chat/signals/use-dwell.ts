'use client';

// Measures how long an answer is in view on a visible page, and reports each look when it ends.
import { type RefObject, useEffect, useEffectEvent } from 'react';

/** A shorter look is a glance while scrolling. */
const SHORTEST_MS = 1000;

export function useDwell(answer: RefObject<HTMLElement | null>, isOn: boolean, onLook: (ms: number) => void): void {
  const report = useEffectEvent(onLook);
  useEffect(() => {
    const element = answer.current;
    if (!isOn || !element) return;
    let isInView = false;
    let since: number | null = null;
    const update = () => {
      const isSeen = isInView && document.visibilityState === 'visible';
      if (isSeen && since === null) since = performance.now();
      if (isSeen || since === null) return;
      const ms = Math.round(performance.now() - since);
      since = null;
      if (ms >= SHORTEST_MS) report(ms);
    };
    const end = () => {
      isInView = false;
      update();
    };
    const observer = new IntersectionObserver(([entry]) => {
      isInView = entry?.isIntersecting ?? false;
      update();
    });
    observer.observe(element);
    document.addEventListener('visibilitychange', update);
    window.addEventListener('pagehide', end);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', update);
      window.removeEventListener('pagehide', end);
      end();
    };
  }, [answer, isOn]);
}
