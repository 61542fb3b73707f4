'use client';

// The midnight that began the reader's day, from which the answers of today count.
import { useState } from 'react';

export function useDayStart(): Date {
  const [dayStart] = useState(() => new Date(new Date().setHours(0, 0, 0, 0)));
  return dayStart;
}
