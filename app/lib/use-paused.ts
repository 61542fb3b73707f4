// Waits until someone has stopped typing, so that a search asks once and not with every key.
import { useEffect, useState } from 'react';

/** Short enough to feel immediate, longer than the time between two keys. */
const PAUSE_MS = 200;

/** The value as it was when it last stayed the same for a moment. The field itself shows every key at once. */
export function usePaused<Value>(value: Value): Value {
  const [paused, setPaused] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return paused;
}
