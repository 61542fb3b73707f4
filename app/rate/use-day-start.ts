'use client';

// The midnight that began the reader's day, from which the answers of today count.
import { useMemo } from 'react';

/** The same object through one day, so that a query is not asked anew with each render. */
export function useDayStart(): Date {
  const midnight = new Date().setHours(0, 0, 0, 0);
  return useMemo(() => new Date(midnight), [midnight]);
}
